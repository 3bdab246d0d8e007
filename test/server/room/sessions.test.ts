import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeAttachment } from "../../../src/server/room/connections/attachment.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, roomStub, runAlarm } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `sessions-${++rooms}`;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
/** What the room's one socket carries of its session. */
const attached = (room: string) =>
  runInDurableObject(roomStub(room), (_room, state) =>
    decodeAttachment(state.getWebSockets()[0]!.deserializeAttachment()),
  ).then((attachment) => attachment?.state);
const iso = (exp: number) => new Date(exp * 1000).toISOString();

describe("a session on a live connection", () => {
  it("[T4.1] its end is told 60 s before, once, in a hibernating room too", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const ada = await join(room, "ada", { token: await signIn("ada", { exp }) });
    await hibernate(room);
    vi.setSystemTime((exp - 61) * 1000);
    await runAlarm(room);
    ada.send({ type: "idle", idle: false, id: "still" });
    await ada.untilType("ack");
    expect(ada.frames.map((frame) => frame !== "pong" && frame.type)).not.toContain("expiring");
    vi.setSystemTime((exp - 60) * 1000);
    await hibernate(room);
    await runAlarm(room);
    expect(await ada.untilType("expiring")).toEqual({ type: "expiring", expiresAt: iso(exp) });
    await hibernate(room);
    vi.setSystemTime((exp - 50) * 1000);
    await runAlarm(room);
    const told = (await ada.news()).filter((f) => f !== "pong" && f.type === "expiring");
    expect(told).toHaveLength(1);
  });

  it("[T4.1] one that ends sooner is told at once", async () => {
    const room = newRoom();
    const exp = inSeconds(30);
    const ada = await join(room, "ada", { token: await signIn("ada", { exp }) });
    expect(await ada.untilType("expiring")).toEqual({ type: "expiring", expiresAt: iso(exp) });
  });

  it("[T4.1, W1.1] one that ends soon is told so after its welcome, in a busy room too", async () => {
    const room = newRoom();
    const token = (user: string) => signIn(user, { exp: inSeconds(30) });
    const users = Array.from({ length: 8 }, (_, n) => `soon-${n}`);
    const peers = await Promise.all(
      users.map(async (user) => join(room, user, { token: await token(user) })),
    );
    for (const peer of peers) {
      await peer.untilType("expiring");
      const types = peer.frames.map((frame) => (frame === "pong" ? frame : frame.type));
      expect(types[0]).toBe("welcome");
    }
  });

  it("[T4.1] its end is told again after a token that is not newer", async () => {
    const room = newRoom();
    const claims = { iat: inSeconds(-60), exp: inSeconds(30) };
    const token = await signIn("ada", claims);
    const ada = await join(room, "ada", { token });
    await ada.untilType("expiring");
    for (let time = 1; time <= 2; time++) {
      ada.frames.splice(0);
      await ada.ask({ type: "auth", token });
      await runAlarm(room);
      expect(await ada.untilType("expiring")).toEqual({
        type: "expiring",
        expiresAt: iso(claims.exp),
      });
    }
  });

  it("[T4.2, T3.1] one that expires while its room hibernates is closed, one renewed a second before is not", async () => {
    const room = newRoom();
    const exp = inSeconds(120);
    const [ada, bob] = await Promise.all(
      ["ada", "bob"].map(async (id) => join(room, id, { token: await signIn(id, { exp }) })),
    );
    await hibernate(room);
    vi.setSystemTime((exp - 1) * 1000);
    await runAlarm(room);
    const later = exp + 600;
    await bob!.ask({ type: "auth", token: await signIn("bob", { exp: later }) });
    expect(await bob!.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(later) });
    await hibernate(room);
    vi.setSystemTime((exp + 1) * 1000);
    await runAlarm(room);
    expect(await ada!.closed).toEqual({ code: 4401, reason: "session_expired" });
    await bob!.ask({ type: "update", status: "busy" });
    vi.setSystemTime((later + 1) * 1000);
    await runAlarm(room);
    expect(await bob!.closed).toEqual({ code: 4401, reason: "session_expired" });
  });

  it("[T3.2, M6.1] a newer session takes the place of the one before whole, even where it ends earlier", async () => {
    const room = newRoom();
    const [iat, exp] = [inSeconds(-60), inSeconds(600)];
    const old = await signIn("ada", { iat, exp, name: "Ada", roles: ["admin"] });
    const newer = await signIn("ada", { iat: iat + 1, exp: exp - 300, name: "Ada L." });
    const ada = await join(room, "ada", { token: old });
    await ada.ask({ type: "auth", token: newer });
    expect(await ada.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(exp - 300) });
    expect((await readRoom(room)).members).toMatchObject([{ name: "Ada L.", connections: 1 }]);
    await hibernate(room);
    vi.setSystemTime((exp - 299) * 1000);
    await runAlarm(room);
    expect(await ada.closed).toEqual({ code: 4401, reason: "session_expired" });
  });

  it("[T3.1, T3.2, M6.1] one that is not newer changes nothing, and is answered with the expiry in force", async () => {
    const room = newRoom();
    const [iat, exp] = [inSeconds(-60), inSeconds(600)];
    const ada = await join(room, "ada", {
      token: await signIn("ada", { iat, exp, name: "Ada", sid: "s-1" }),
    });
    await ada.news();
    const before = await readRoom(room);
    const carried = await attached(room);
    for (const claims of [
      { iat: iat - 1, exp: exp + 900 },
      { iat, exp: exp - 300 },
      { iat, exp },
    ]) {
      const token = await signIn("ada", { ...claims, name: "Other", sid: "s-2", roles: ["admin"] });
      await ada.ask({ type: "auth", token });
      expect(await ada.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(exp) });
      ada.frames.splice(0);
    }
    expect(await readRoom(room)).toEqual(before);
    expect(await attached(room)).toEqual(carried);
  });

  it("[T3.3] of sessions issued at once the one that lasts longer is the newer", async () => {
    const room = newRoom();
    const [iat, exp] = [inSeconds(-60), inSeconds(600)];
    const ada = await join(room, "ada", { token: await signIn("ada", { iat, exp }) });
    const longer = await signIn("ada", { iat, exp: exp + 1, name: "Ada L." });
    await ada.ask({ type: "auth", token: longer });
    expect(await ada.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(exp + 1) });
    expect((await readRoom(room)).members).toMatchObject([{ name: "Ada L." }]);
  });

  it("[T3.3] one that does not say when it was issued is as new as its check", async () => {
    const room = newRoom();
    const [iat, exp] = [inSeconds(-60), inSeconds(600)];
    const ada = await join(room, "ada", { token: await signIn("ada", { iat, exp }) });
    const undated = await signIn("ada", { iat: undefined, exp: exp - 300 });
    await ada.ask({ type: "auth", token: undated });
    expect(await ada.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(exp - 300) });
    ada.frames.splice(0);
    await ada.ask({ type: "auth", token: await signIn("ada", { iat, exp }) });
    expect(await ada.untilType("renewed")).toEqual({ type: "renewed", expiresAt: iso(exp - 300) });
  });

  it("[T3.4] another user's token: leaves as the old, joins as the new, with the first frames anew", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const { connection } = welcomeOf(ada);
    ada.frames.splice(0);
    await ada.ask({ type: "auth", token: await signIn("bob") });
    await ada.untilType("snapshot");
    expect(welcomeOf(ada)).toMatchObject({ type: "welcome", self: { id: "bob", chosen: null } });
    expect(welcomeOf(ada).connection).not.toBe(connection);
    const { members } = await readRoom(room);
    expect(members.map(({ id, status }) => [id, status])).toEqual([
      ["ada", "offline"],
      ["bob", "online"],
    ]);
    expect(ada.roll?.members).toEqual(members);
    await hibernate(room);
    await ada.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).members[1]).toMatchObject({ id: "bob", status: "busy" });
  });

  it("[T3.5, A4.1] a bad token is an error with its code, and changes nothing", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const before = await readRoom(room);
    const bad: [string, string][] = [
      ["nonsense", "session_invalid"],
      [await signIn("ada", {}, "x".repeat(32)), "session_invalid"],
      [await signIn("ada", { exp: 1 }), "session_expired"],
      [await signIn("ada", { rooms: ["other"] }), "room_forbidden"],
    ];
    for (const [token, code] of bad) {
      ada.frames.splice(0);
      ada.send({ type: "auth", token, id: "renew" });
      expect(await ada.untilType("error")).toMatchObject({ code, id: "renew" });
    }
    expect(await readRoom(room)).toEqual(before);
    await ada.ask({ type: "update", status: "busy" });
  });

  it("[T3.5, A6.1] one whose user has too many connections is an error too, and the old one stays", async () => {
    const room = newRoom();
    await Promise.all(Array.from({ length: 20 }, () => join(room, "bob")));
    const ada = await join(room, "ada");
    ada.send({ type: "auth", token: await signIn("bob") });
    expect(await ada.untilType("error")).toMatchObject({ code: "too_many_connections" });
    expect((await readRoom(room)).members[0]).toMatchObject({ id: "ada", status: "online" });
  });

  it("[T6.1] logout leaves, and closes 1000 where nobody can sign in again on the socket", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "logout" });
    expect(await ada.closed).toEqual({ code: 1000, reason: "left" });
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });
});
