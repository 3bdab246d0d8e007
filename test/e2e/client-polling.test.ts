import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import type { Member, Snapshot } from "../../src/protocol/messages.ts";
import { FakeSocket } from "./fake-socket.ts";

/** A request of the client's, and what it said. */
interface RequestContext {
  method: string;
  path: string;
  headers: Headers;
  body: Record<string, unknown>;
  at: number;
}

const SLACK_MS = 20;
const LEASE_MS = 45_000;

const sockets = FakeSocket.opened;
const asked: RequestContext[] = [];
/** What a poll is answered with. */
let answer: () => Response | Promise<Response>;
/** What a read is answered with. */
let read: () => Response | Promise<Response>;
let window: EventTarget;
let room: RoomHandle;

const member = (id: string, status: Member["status"] = "online"): Member => ({
  id,
  name: id,
  status,
  connections: 1,
  lastOnline: null,
});

const snapshot = (version: number, ...members: Member[]): Snapshot => {
  const counts = { online: members.length, connections: members.length };
  return { type: "snapshot", room: "lobby", epoch: "e", version, ...counts, members };
};

let version = 1;
const takenBy = (id: string) =>
  Response.json({
    lease: "the-lease",
    expiresAt: new Date(Date.now() + LEASE_MS).toISOString(),
    self: { id, chosen: null },
    state: snapshot(version, member("ada"), member("bob")),
  });
const taken = () => takenBy("ada");

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  sockets.length = 0;
  asked.length = 0;
  version = 1;
  answer = taken;
  read = () => Response.json({ type: "snapshot" });
  window = new EventTarget();
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  room = joinRoom("https://presence.example.com/rooms/lobby", {
    WebSocket: FakeSocket,
    getToken: () => "the-token",
    fetch: async (input, init = {}) => {
      const url = new URL(String(input));
      const { method = "GET" } = init;
      if (method === "GET") return read();
      asked.push({
        method,
        path: url.pathname,
        headers: new Headers(init.headers),
        body: JSON.parse(String(init.body)) as Record<string, unknown>,
        at: Date.now(),
      });
      return method === "PUT" ? answer() : Response.json({});
    },
  });
});

afterEach(async () => {
  room.leave();
  await soon();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const soon = () => vi.advanceTimersByTimeAsync(SLACK_MS);
const connection = () => room.getSnapshot().connection;
const polls = () => asked.filter(({ method }) => method === "PUT");
const leaves = () => asked.filter(({ path }) => path.endsWith("/me/leave"));

/** Ends the last socket as a proxy does that knows none. */
async function block(): Promise<void> {
  sockets.at(-1)!.end(1006, "");
  await soon();
}

/** Waits for the next socket. */
async function nextSocket(): Promise<FakeSocket> {
  const count = sockets.length;
  for (let waited = 0; sockets.length === count; waited += 100) {
    if (waited > 40_000) throw new Error("No other socket was opened.");
    await vi.advanceTimersByTimeAsync(100);
  }
  return sockets.at(-1)!;
}

async function polling(): Promise<void> {
  await soon();
  await block();
  await nextSocket();
  await block();
  expect(connection()).toBe("polling");
}

describe("a client whose network lets no socket through", () => {
  it("[K11.1] polls after two attempts, with what it signs in with", async () => {
    await soon();
    await block();
    expect(asked).toEqual([]);
    await nextSocket();
    await block();
    expect(room.getSnapshot()).toMatchObject({
      connection: "polling",
      self: { id: "ada", chosen: null },
      online: 2,
      error: null,
    });
    const [first] = polls();
    expect(first).toMatchObject({ path: "/rooms/lobby/me", body: { idle: false } });
    expect(first!.headers.get("Authorization")).toBe("Bearer the-token");
  });

  it("[K11.2] polls every fifth of its lease, from what it holds, and goes on trying sockets", async () => {
    await polling();
    const before = room.getSnapshot();
    const calls = vi.fn();
    room.subscribe(calls);
    for (let times = 0; times < 4; times++) {
      await vi.advanceTimersByTimeAsync(9_000);
      sockets.at(-1)!.end(1006, "");
    }
    const gaps = polls().map(({ at }, index, all) => at - (all[index - 1]?.at ?? at));
    expect(gaps.slice(1).every((gap) => gap >= 9_000 && gap < 9_100)).toBe(true);
    expect(polls().at(-1)!.body).toEqual({ lease: "the-lease", since: "e.1", idle: false });
    expect(sockets.length).toBeGreaterThan(3);
    expect(room.getSnapshot()).toBe(before);
    expect(calls).not.toHaveBeenCalled();
  });

  it("[K11.2, K6.1] says a change at once, and again where that was lost", async () => {
    await polling();
    answer = () => Promise.reject(new Error("Nobody answers."));
    room.setStatus("busy");
    await soon();
    expect(polls().at(-1)!.body).toMatchObject({ status: "busy" });
    expect(connection()).toBe("reconnecting");
    answer = taken;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls().at(-1)!.body).toMatchObject({ lease: "the-lease", status: "busy" });
    expect(connection()).toBe("polling");
    await vi.advanceTimersByTimeAsync(9_100);
    expect(polls().at(-1)!.body).not.toHaveProperty("status");
  });

  it("[K11.2, K6.5] says no choice of one person's as another's", async () => {
    await polling();
    answer = () => Promise.reject(new Error("Nobody answers."));
    room.setStatus("busy");
    await soon();
    expect(connection()).toBe("reconnecting");
    const lost = polls().length;
    answer = () => takenBy("eve");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(
      polls()
        .slice(lost)
        .filter(({ body }) => "status" in body),
    ).toEqual([]);
    expect(room.getSnapshot().self).toEqual({ id: "eve", chosen: null });
  });

  it("[K11.1] that is down altogether is not asked by other ways", async () => {
    read = () => Promise.reject(new Error("Nobody answers."));
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      await nextSocket();
    }
    expect(connection()).toBe("connecting");
    expect(polls()).toEqual([]);
  });

  it("[K11.1] whose service refuses for now is not asked by other ways", async () => {
    const error = { code: "room_unavailable", message: "Later." };
    read = () => Response.json({ error }, { status: 503, headers: { "Retry-After": "1" } });
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      await nextSocket();
    }
    expect(polls()).toEqual([]);
  });

  it("[K11.1] that lets reads through alone is not said to poll", async () => {
    answer = () => Promise.reject(new Error("Nobody answers."));
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      expect(connection()).toBe("connecting");
      await nextSocket();
    }
    expect(polls().length).toBeGreaterThan(1);
  });

  it("[K11.2] shows what was refused of its changes, and stays", async () => {
    await polling();
    const error = { code: "bad_request", message: "No." };
    answer = () => Response.json({ error }, { status: 400 });
    room.setData({ too: "long" });
    await soon();
    expect(room.getSnapshot()).toMatchObject({ connection: "polling", error });
    answer = taken;
    await vi.advanceTimersByTimeAsync(9_100);
    expect(polls().at(-1)!.body).not.toHaveProperty("data");
    expect(room.getSnapshot().error).toBeNull();
  });

  it("[K11.1, K7.3] has patience where there are too many connections", async () => {
    const error = { code: "too_many_connections", message: "Too many." };
    const headers = { "Retry-After": "30" };
    answer = () => Response.json({ error }, { status: 429, headers });
    await soon();
    await block();
    await nextSocket();
    await block();
    const at = Date.now();
    expect(room.getSnapshot()).toMatchObject({ connection: "connecting", error });
    await nextSocket();
    expect(Date.now() - at).toBeGreaterThanOrEqual(29_900);
  });

  it("[K11.1, A5.2] stays away where it is refused for good", async () => {
    await polling();
    const error = { code: "room_forbidden", message: "No." };
    answer = () => Response.json({ error }, { status: 403 });
    await vi.advanceTimersByTimeAsync(9_100);
    await soon();
    await block();
    expect(room.getSnapshot()).toMatchObject({ connection: "closed", error });
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
  });
});

describe("a client that polls", () => {
  it("[K12.1] ends its lease once a socket has given the room, and not before", async () => {
    await polling();
    const socket = await nextSocket();
    expect(connection()).toBe("polling");
    const states: string[] = [];
    room.subscribe(() => states.push(connection()));
    const before = polls().length;
    socket.welcome(member("ada"), member("bob"));
    await soon();
    expect(connection()).toBe("online");
    expect(states.every((state) => state === "online")).toBe(true);
    expect(leaves()).toMatchObject([{ method: "POST", body: { lease: "the-lease" } }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls()).toHaveLength(before);
    expect(leaves()).toHaveLength(1);
  });

  it("[K12.1] ends its lease after a poll that is on its way, which would make another", async () => {
    await polling();
    let arrive = () => {};
    answer = () =>
      new Promise((resolve) => {
        arrive = () => resolve(taken());
      });
    const socket = await nextSocket();
    room.setStatus("busy");
    await soon();
    socket.welcome(member("ada"), member("bob", "busy"));
    const shown = room.getSnapshot().members;
    await soon();
    expect(leaves()).toEqual([]);
    arrive();
    await soon();
    expect(leaves()).toHaveLength(1);
    expect(room.getSnapshot().members).toBe(shown);
    expect(socket.frames).toMatchObject([{ type: "update", status: "busy" }]);
  });

  it("[K12.1, K4.3] ends its lease when it leaves", async () => {
    await polling();
    room.leave();
    await soon();
    expect(leaves()).toMatchObject([{ body: { lease: "the-lease" } }]);
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
  });

  it("[K12.2] says so by a beacon when its page goes, and polls again when that is back", async () => {
    const beacons: unknown[][] = [];
    vi.stubGlobal("navigator", { sendBeacon: (...beacon: unknown[]) => beacons.push(beacon) });
    await polling();
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    const url = new URL("https://presence.example.com/rooms/lobby/me/leave");
    expect(beacons).toEqual([[url, JSON.stringify({ lease: "the-lease", closing: true })]]);
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
    expect(connection()).toBe("reconnecting");

    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await soon();
    await block();
    expect(connection()).toBe("polling");
    expect(polls().at(-1)!.body).not.toHaveProperty("lease");
  });
});
