import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import type { Action } from "../../../src/server/access/authorize.ts";
import { until } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, welcomeOf, type Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, query as queryRoom, runAlarm } from "../../worker-kit/time.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  // In this isolate, tokens are judged by the rules of the last app.
  createApp();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rooms = 0;
const newRoom = () => `renewal-${++rooms}`;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const isFrame = (type: string) => (frame: unknown) =>
  (frame as { type?: string } | null)?.type === type;

async function enter(room: string, user: string, exp: number): Promise<Peer> {
  return join(room, user, { token: await signIn(user, { exp, roles: ["staff"] }) });
}

describe("a renewal by the service", () => {
  it("[T5.3] asks the app's rule again, which sees the session as it was", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const peer = await enter(room, "ada", exp);
    const asked: [string, readonly string[], string, Action][] = [];
    createApp({
      authorize: ({ user, roles }, name, action) => {
        asked.push([user.id, roles, name, action]);
        return true;
      },
    });
    await hibernate(room);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    await peer.untilType("renewed");
    expect(asked).toEqual([["ada", ["staff"], room, "join"]]);
  });

  it("[T5.3] ends the connection of whoever may no longer join, with no grace, and no other", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const [ada, bob] = [await enter(room, "ada", exp), await enter(room, "bob", exp)];
    createApp({ authorize: async ({ user }) => user.id !== "ada" });
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await ada.closed).toEqual({ code: 4403, reason: "room_forbidden" });
    await bob.untilType("renewed");
    createApp();
    expect((await readRoom(room)).members).toMatchObject([
      { id: "ada", status: "offline" },
      { id: "bob", status: "online" },
    ]);
  });

  it("[T5.3, S1.4] asks of a watcher who may read, and ends who may not, with their watch list", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const query = "?present=false&view=window";
    const watchAs = async (user: string) =>
      join(room, user, { query, token: await signIn(user, { exp }) });
    const [ada, eve] = [await watchAs("ada"), await watchAs("eve")];
    for (const peer of [ada, eve]) await peer.ask({ type: "watch", add: ["bob"] });
    createApp({ authorize: ({ user }, _room, action) => user.id === "ada" && action === "read" });
    await hibernate(room);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await eve.closed).toEqual({ code: 4403, reason: "room_forbidden" });
    await ada.untilType("renewed");
    createApp();
    await join(room, "bob");
    await ada.until(() => ada.roll!.members[0]?.status === "online");
    const rows = await queryRoom(room, "SELECT connection FROM watched");
    expect(rows).toEqual([{ connection: welcomeOf(ada).connection }]);
  });

  it("[T5.4] that fails leaves the session as it is, and its end is told", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const ada = await enter(room, "ada", exp);
    createApp({
      authorize: () => {
        throw new Error("down");
      },
    });
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await ada.untilType("expiring")).toMatchObject({
      expiresAt: new Date(exp * 1000).toISOString(),
    });
    expect(ada.frames.filter(isFrame("renewed"))).toEqual([]);
    vi.setSystemTime((exp + 1) * 1000);
    await runAlarm(room);
    expect(await ada.closed).toEqual({ code: 4401, reason: "session_expired" });
  });

  it("[L7.3, L3.1, T4.2] keeps no alarm, no sweep and no expiry waiting, however long the app takes", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const [ada, bob] = [await enter(room, "ada", exp), await enter(room, "bob", exp + 3_600)];
    const cleo = await enter(room, "cleo", exp + 3_600);
    const asked = vi.fn(() => new Promise<boolean>(() => {}));
    createApp({ authorize: asked });
    const alarmAt = async (time: number) => {
      vi.setSystemTime(time * 1000);
      // Cleo alone is silent.
      for (const peer of [ada, bob]) await peer.ask({ type: "idle", idle: false });
      await runAlarm(room);
    };
    await alarmAt(exp - 60);
    expect(asked).toHaveBeenCalledTimes(1);
    await cleo.untilType("probe");
    await alarmAt(exp - 50);
    expect(await cleo.closed).toEqual({ code: 4408, reason: "stale" });
    expect(ada.frames.filter(isFrame("expiring"))).toEqual([]);
    await alarmAt(exp);
    expect(await ada.closed).toEqual({ code: 4401, reason: "session_expired" });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("[L7.3, T5.4] that is not answered in time is given up, and the room may sleep", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const ada = await enter(room, "ada", exp);
    createApp({ authorize: () => new Promise<boolean>(() => {}) });
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    await until(() => ada.frames.some(isFrame("expiring")));
    createApp();
    await hibernate(room);
    await ada.ask({ type: "auth", token: await signIn("ada", { exp: exp + 600 }) });
    expect(await ada.untilType("renewed")).toMatchObject({
      expiresAt: new Date((exp + 600) * 1000).toISOString(),
    });
  });

  it("[T5.1, T3.2] gives way to a session that the client has sent meanwhile", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const ada = await enter(room, "ada", exp);
    let [isAllowed, isAnswered] = [false, false];
    createApp({
      authorize: async () => {
        await until(() => isAllowed);
        isAnswered = true;
        return true;
      },
    });
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    createApp();
    const token = await signIn("ada", { exp: exp + 120 });
    await ada.ask({ type: "auth", token });
    isAllowed = true;
    await until(() => isAnswered);
    await ada.ask({ type: "idle", idle: false });
    await hibernate(room);
    const renewals = ada.frames.filter(isFrame("renewed"));
    expect(renewals).toEqual([
      { type: "renewed", expiresAt: new Date((exp + 120) * 1000).toISOString() },
    ]);
  });
});
