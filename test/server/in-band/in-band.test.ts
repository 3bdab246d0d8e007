import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { ask, HOST, readRoom, refusal } from "../../worker-kit/http.ts";
import { join, Peer, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, runAlarm } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `in-band-${++rooms}`;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const AUTHENTICATE = { type: "authenticate", within: 10 };

async function open(room: string, headers: Record<string, string> = {}, query = ""): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message${query}`, {
    headers: { Upgrade: "websocket", ...headers },
  });
  const peer = new Peer(answer.webSocket!);
  expect(await peer.untilType("authenticate")).toEqual(AUTHENTICATE);
  return peer;
}

const objects = async () => (await listDurableObjectIds(env.ROOMS)).length;

describe("signing in over the socket", () => {
  it("[T2.2] a socket opens without a credential, is told to authenticate and nothing else, and is nobody", async () => {
    const room = newRoom();
    const before = await objects();
    const peer = await open(room);
    peer.send("ping");
    expect(peer.frames).toEqual([AUTHENTICATE]);
    expect(await objects()).toBe(before);

    peer.send({ type: "auth", token: await signIn("ada") });
    peer.send({ type: "update", status: "busy", id: "early" });
    await peer.until((frame) => frame !== "pong" && frame.type === "ack");
    expect(peer.frames[1]).toMatchObject({ type: "welcome", self: { id: "ada" } });
    expect((await readRoom(room)).members).toMatchObject([{ id: "ada", status: "busy" }]);
    peer.send("ping");
    await peer.until((frame) => frame === "pong");
  });

  it("[T2.2, T2.3] a bad token closes it at once with its code, and no room is touched", async () => {
    const before = await objects();
    const bad: [string, number, string][] = [
      ["nonsense", 4401, "session_invalid"],
      [await signIn("ada", { exp: 1 }), 4401, "session_expired"],
      [await signIn("ada", {}, "x".repeat(32)), 4401, "session_invalid"],
      [await signIn("ada", { rooms: ["other"] }), 4403, "room_forbidden"],
    ];
    for (const [token, code, reason] of bad) {
      const peer = await open(newRoom());
      peer.send({ type: "auth", token });
      expect(await peer.closed).toEqual({ code, reason });
      expect(peer.frames).toEqual([AUTHENTICATE]);
    }
    expect(await objects()).toBe(before);
  });

  it.each([JSON.stringify({ type: "update" }), "garbage", "x".repeat(5000)])(
    "[T2.3] anything but a token closes it (%#)",
    async (frame) => {
      const peer = await open(newRoom());
      peer.send(frame);
      expect(await peer.closed).toEqual({ code: 4400, reason: "bad_message" });
    },
  );

  it("[T2.6] a good token after a bad frame comes too late", async () => {
    const room = newRoom();
    const peer = await open(room);
    const token = await signIn("ada");
    peer.send("garbage");
    peer.send({ type: "auth", token });
    expect(await peer.closed).toEqual({ code: 4400, reason: "bad_message" });
    // Another comes in by the same way meanwhile: the token had its time.
    await join(room, "bob");
    expect((await readRoom(room)).members.map(({ id }) => id)).toEqual(["bob"]);
  });

  it("[T2.3, S3.2] it is closed 4401 unless a token comes in time", async () => {
    const peers = [await open(newRoom()), await open("public", {}, "&present=false&view=window")];
    for (const peer of peers) {
      expect(await peer.closed).toEqual({ code: 4401, reason: "unauthenticated" });
    }
  });

  it("[T2.1, A3.1] a foreign origin may not, with a cookie or without", async () => {
    const cookie = `session=${await signIn("ada")}`;
    for (const headers of [{}, { Cookie: cookie }]) {
      const answer = await ask(`/rooms/${newRoom()}?auth=message`, {
        headers: { Upgrade: "websocket", Origin: "https://evil.example.com", ...headers },
      });
      expect(await refusal(answer)).toEqual([403, "origin_forbidden"]);
    }
    const peer = await open(newRoom(), { Origin: "https://app.example.com" });
    peer.close(1000);
  });

  it("[T2.3, L4.1, L4.2] a goodbye through it leaves at once, a loss keeps the place for the grace", async () => {
    const room = newRoom();
    for (const [user, code, reason, status] of [
      ["ada", 1000, "left", "offline"],
      ["bob", 4000, "left", "online"],
      ["carol", 1000, "", "online"],
    ] as const) {
      const peer = await open(room);
      peer.send({ type: "auth", token: await signIn(user) });
      await peer.untilType("snapshot");
      peer.close(code, reason);
      await peer.closed;
      await eventually(async () => {
        const [row] = await query(room, `SELECT places FROM members WHERE id = '${user}'`);
        const places = JSON.parse(row!["places"] as string) as { lostAt: number | null }[];
        expect(places.every(({ lostAt }) => lostAt !== null)).toBe(true);
      });
      const { members } = await readRoom(room);
      expect(members.find(({ id }) => id === user)?.status).toBe(status);
    }
  });
});

describe("signing out over the socket", () => {
  it("[T6.1, T2.2, T3.4] parts the connection from its user, and another may sign in on it", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const peer = await join(room, "ada");
    await peer.ask({ type: "logout" });
    expect(await peer.untilType("authenticate")).toEqual(AUTHENTICATE);
    expect((await readRoom(room)).members[0]).toMatchObject({ id: "ada", status: "offline" });

    peer.frames.splice(0);
    await watcher.ask({ type: "update", status: "busy" });
    await hibernate(room);
    await watcher.ask({ type: "update", status: "away" });
    expect(peer.frames).toEqual([]);

    await peer.ask({ type: "auth", token: await signIn("bob") });
    await peer.untilType("snapshot");
    expect(welcomeOf(peer).self).toEqual({ id: "bob", chosen: null });
    expect((await readRoom(room)).members.map(({ id }) => id)).toEqual(["ada", "bob", "watcher"]);
  });

  it("[T6.1] a frame from nobody is a bad one, and applies nothing", async () => {
    const room = newRoom();
    const peer = await join(room, "ada");
    await peer.ask({ type: "logout" });
    const before = await readRoom(room);
    peer.send({ type: "update", status: "busy" });
    expect(await peer.untilType("error")).toMatchObject({ code: "bad_message" });
    expect(await readRoom(room)).toEqual(before);
  });

  it("[W14.3] may still prove that it reads", async () => {
    const peer = await join(newRoom(), "ada");
    await peer.ask({ type: "logout" });
    await peer.ask({ type: "alive", n: 7 });
    expect(peer.frames.filter((frame) => frame !== "pong" && frame.type === "error")).toEqual([]);
  });

  it("[T6.1, T2.3] who does not sign in again in time is closed 4401, in a hibernating room too", async () => {
    const room = newRoom();
    const peer = await join(room, "ada");
    await peer.ask({ type: "logout" });
    await hibernate(room);
    passTime(10);
    await runAlarm(room);
    expect(await peer.closed).toEqual({ code: 4401, reason: "unauthenticated" });
  });

  it("[T6.1, T2.3] a bad token after it closes with its code", async () => {
    const peer = await join(newRoom(), "ada");
    await peer.ask({ type: "logout" });
    peer.send({ type: "auth", token: "nonsense" });
    expect(await peer.closed).toEqual({ code: 4401, reason: "session_invalid" });
  });
});

describe("renewal by the service", () => {
  it("[T5.1, T5.2] comes before the end, in a hibernating room, and its token opens a later connection", async () => {
    const room = newRoom();
    const exp = inSeconds(300);
    const claims = { name: "Ada", rooms: [room], roles: ["staff"], exp };
    const peer = await join(room, "ada", { token: await signIn("ada", claims) });
    await hibernate(room);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    const { token, expiresAt } = await peer.untilType("renewed");
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual((exp - 60 + 3600) * 1000);

    await peer.ask({ type: "idle", idle: false });
    vi.setSystemTime((exp + 10) * 1000);
    await hibernate(room);
    await runAlarm(room);
    await peer.ask({ type: "update", status: "busy" });

    const again = await join(room, "ada", { token: token! });
    expect(welcomeOf(again).self).toEqual({ id: "ada", chosen: "busy" });
    expect((await readRoom(room)).members[0]).toMatchObject({ name: "Ada", connections: 2 });
    const other = await ask(`/rooms/${newRoom()}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(await refusal(other)).toEqual([403, "room_forbidden"]);
    const asCookie = await ask(`/rooms/${room}`, { headers: { Cookie: `session=${token}` } });
    expect(await refusal(asCookie)).toEqual([401, "session_invalid"]);
    vi.setSystemTime(Date.parse(expiresAt) + 1_000);
    const late = await ask(`/rooms/${room}`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await refusal(late)).toEqual([401, "session_expired"]);
  });

  it("[T1.6, T5.2] a session renewed from a ticket admits to the ticket's room only, whatever the app allows", async () => {
    const [room, other] = [newRoom(), newRoom()];
    const exp = inSeconds(300);
    const headers = { Authorization: `Bearer ${await signIn("ada", { exp })}` };
    const body = JSON.stringify({ room });
    const { ticket } = await (
      await ask("/tickets", { method: "POST", headers, body })
    ).json<{ ticket: string }>();
    const opened = await ask(`/rooms/${room}?ticket=${ticket}`, {
      headers: { Upgrade: "websocket" },
    });
    const peer = new Peer(opened.webSocket!);
    await peer.untilType("snapshot");
    await hibernate(room);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    const { token } = await peer.untilType("renewed");

    const again = await join(room, "ada", { token: token! });
    expect(welcomeOf(again).self.id).toBe("ada");
    const bearer = { Authorization: `Bearer ${token}` };
    const forbidden = [403, "room_forbidden"];
    const lax = createApp({ authorize: () => true });
    const tries: [string, RequestInit][] = [
      [`/rooms/${other}`, {}],
      [`/rooms/${other}`, { headers: { Upgrade: "websocket" } }],
      [`/rooms/${other}/me`, { method: "PUT", body: "{}" }],
      ["/tickets", { method: "POST", body: JSON.stringify({ room: other }) }],
    ];
    for (const app of [lax, createApp()]) {
      for (const [path, init] of tries) {
        const headers = { ...init.headers, ...bearer };
        const answer = await app.request(`${HOST}${path}`, { ...init, headers }, env);
        expect(await refusal(answer), path).toEqual(forbidden);
      }
    }
    const inBand = await open(other);
    inBand.send({ type: "auth", token });
    expect(await inBand.closed).toEqual({ code: 4403, reason: "room_forbidden" });
    const live = await join(other, "ada");
    live.send({ type: "auth", token });
    expect(await live.untilType("error")).toMatchObject({ code: "room_forbidden" });
  });
});
