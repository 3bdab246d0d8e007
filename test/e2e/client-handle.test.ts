import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinRoom, type JoinOptions, type RoomHandle } from "../../src/client/index.ts";
import type { Member, Snapshot } from "../../src/protocol/messages.ts";
import { FakeSocket } from "./fake-socket.ts";

const URL = "https://presence.example.com/rooms/lobby";
/** Timers that are due at once, one after the other, are through within this. */
const SLACK_MS = 20;

const sockets = FakeSocket.opened;
const asked: unknown[] = [];
const handles: RoomHandle[] = [];
/** What tells of input in a browser; Node has none. */
let window: EventTarget;
let page: EventTarget & { visibilityState: string };

/** The same values at each call, as an app has that shares. */
const fetch = (input: unknown) => {
  asked.push(input);
  return Promise.reject(new Error("Nobody answers."));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  sockets.length = 0;
  asked.length = 0;
  window = new EventTarget();
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("document", page);
});

afterEach(async () => {
  for (const handle of handles.splice(0)) handle.leave();
  await soon();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const soon = () => vi.advanceTimersByTimeAsync(SLACK_MS);

function enter(options: JoinOptions = {}): RoomHandle {
  const handle = joinRoom(URL, { WebSocket: FakeSocket, fetch, ...options });
  handles.push(handle);
  return handle;
}

/** Enters, and is given the room. */
async function entered(options?: JoinOptions): Promise<RoomHandle> {
  const handle = enter(options);
  await soon();
  last().welcome(ada, bob);
  return handle;
}

const last = () => sockets.at(-1)!;

const member = (id: string, changes: Partial<Member> = {}): Member => ({
  id,
  name: id,
  status: "online",
  connections: 1,
  lastOnline: null,
  ...changes,
});
const ada = member("ada");
const bob = member("bob");

const initial: Snapshot = {
  type: "snapshot",
  room: "lobby",
  epoch: "e",
  version: 7,
  online: 2,
  connections: 2,
  members: [ada, bob],
};

function countCalls(handle: RoomHandle): () => number {
  let calls = 0;
  handle.subscribe(() => calls++);
  return () => calls;
}

describe("a handle's state", () => {
  it("[K1] is online once the room has told who is there, and keeps that while it reconnects", async () => {
    const handle = enter();
    expect(handle.getSnapshot()).toEqual({
      connection: "connecting",
      members: [],
      self: null,
      online: 0,
      connections: 0,
      error: null,
    });
    await soon();
    last().welcome(ada, bob);
    const state = handle.getSnapshot();
    expect(state).toEqual({
      connection: "online",
      members: [ada, bob],
      self: { id: "ada", chosen: null },
      online: 2,
      connections: 2,
      error: null,
    });
    last().end(1006, "");
    expect(handle.getSnapshot()).toEqual({ ...state, connection: "reconnecting" });
    expect(handle.getSnapshot().members).toBe(state.members);
  });

  it("[K1] keeps what did not change, and calls no listener for nothing", async () => {
    const handle = await entered();
    const before = handle.getSnapshot();
    const calls = countCalls(handle);
    last().tell({ ...initial, version: 1, members: [{ ...ada }, { ...bob }] });
    last().tell({ type: "self", id: "ada", chosen: null });
    last().tell({ type: "probe" });
    expect(handle.getSnapshot()).toBe(before);
    expect(calls()).toBe(0);

    const set = [{ ...ada }, member("bob", { status: "busy" })];
    const at = { epoch: "e", from: 1, version: 2, online: 2, connections: 2 };
    last().tell({ type: "delta", ...at, set, gone: [] });
    const after = handle.getSnapshot();
    expect(after.members.map(({ status }) => status)).toEqual(["online", "busy"]);
    expect(after.members[0]).toBe(before.members[0]);
    expect(after.self).toBe(before.self);
    expect(calls()).toBe(1);
  });

  it("[K2] begins with what the server has read, and goes on from there", async () => {
    const handle = enter({ initial });
    const { connection, members, online } = handle.getSnapshot();
    expect([connection, members, online]).toEqual(["connecting", [ada, bob], 2]);
    await soon();
    expect(last().url.searchParams.get("since")).toBe("e.7");
  });

  it("[K3] is closed until it is told to join, and may join again", async () => {
    const handle = enter({ autoJoin: false, initial });
    const calls = countCalls(handle);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(0);
    expect(asked).toEqual([]);
    expect(handle.getSnapshot()).toMatchObject({
      connection: "closed",
      error: null,
      members: [ada, bob],
    });

    handle.join();
    handle.join();
    expect(calls()).toBe(1);
    expect(handle.getSnapshot().connection).toBe("connecting");
    await soon();
    expect(sockets).toHaveLength(1);
    last().welcome(ada);
    last().end(4403, "kicked");
    expect(handle.getSnapshot()).toMatchObject({
      connection: "closed",
      error: { code: "kicked" },
    });
    handle.join();
    expect(handle.getSnapshot()).toMatchObject({ connection: "connecting", error: null });
    await soon();
    expect(sockets).toHaveLength(2);
  });

  it("[K3] takes the path of a URL on the page's own origin", async () => {
    vi.stubGlobal("location", { href: "https://app.example.com/docs/42?tab=1" });
    handles.push(joinRoom("/rooms/lobby", { WebSocket: FakeSocket }));
    await soon();
    expect(last().url.href).toBe("wss://app.example.com/rooms/lobby");
  });

  it("[W3] asks for the view that is wanted", async () => {
    await entered({ view: "snapshot" });
    expect(last().url.searchParams.get("view")).toBe("snapshot");
  });
});

describe("handles of one URL", () => {
  it("[K4] share a connection, until the last has left", async () => {
    const first = await entered();
    const second = enter();
    await soon();
    expect(sockets).toHaveLength(1);
    expect(second.getSnapshot()).toBe(first.getSnapshot());

    const calls = countCalls(first);
    first.leave();
    first.leave();
    await soon();
    last().tell({ type: "self", id: "ada", chosen: "busy" });
    expect(second.getSnapshot().self?.chosen).toBe("busy");
    expect(first.getSnapshot()).toMatchObject({ connection: "closed", error: null });
    expect(calls()).toBe(0);
    expect(last().frames).toEqual([]);

    second.leave();
    await soon();
    expect(last().frames).toEqual([{ type: "leave" }]);
    expect(last().closedWith).toBe(1000);
  });

  it("[K4] share none where they would connect in another way", async () => {
    await entered();
    enter({ getToken: () => "a token" });
    enter({ view: "snapshot" });
    enter({ initial });
    await soon();
    expect(sockets).toHaveLength(3);
  });

  it("[K5] that leave and join in one task send nothing", async () => {
    const first = await entered();
    first.leave();
    const second = enter();
    expect(second.getSnapshot().connection).toBe("online");
    await soon();
    expect(sockets).toHaveLength(1);
    expect(last()).toMatchObject({ frames: [], closedWith: "open" });

    second.leave();
    second.join();
    await soon();
    expect(last()).toMatchObject({ frames: [], closedWith: "open" });
  });

  it("[K5] that join and leave in one task open nothing", async () => {
    enter().leave();
    await soon();
    expect(sockets).toEqual([]);
  });
});

describe("changes", () => {
  it("[K6] are sent at once, then gathered, within what the room takes", async () => {
    const handle = await entered();
    for (let typed = 0; typed < 250; typed++) {
      handle.setData({ typed });
      await vi.advanceTimersByTimeAsync(20);
    }
    const updates = last().frames.filter(({ type }) => type === "update");
    expect(updates[0]).toMatchObject({ data: { typed: 0 } });
    expect(updates.length).toBeGreaterThan(10);
    // SPEC W12, with some to spare for other frames.
    expect(updates.length).toBeLessThanOrEqual(17);
    await vi.advanceTimersByTimeAsync(300);
    expect(last().frames.at(-1)).toMatchObject({ data: { typed: 249 } });
  });

  it("[K6] made while there is no connection are kept, the last of each", async () => {
    const handle = await entered();
    last().end(1006, "");
    handle.setStatus("busy");
    handle.setData({ typed: 1 });
    handle.setStatus("away");
    await soon();
    expect(last().frames).toEqual([]);
    last().welcome(ada);
    expect(last().frames).toEqual([
      { type: "update", status: "away", data: { typed: 1 }, id: expect.any(String) },
    ]);
  });

  it("[K6] are sent again until they are acknowledged, and then no more", async () => {
    const handle = await entered();
    handle.setStatus("busy");
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    const [update] = last().frames;
    expect(update).toMatchObject({ status: "busy" });
    last().tell({ type: "ack", id: update!.id! });
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().frames).toEqual([]);
  });

  it("[K6] of the status are shown to oneself at once, and gone where they are refused", async () => {
    const handle = await entered();
    handle.setStatus("busy");
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: "busy" });
    expect(handle.getSnapshot().members[0]).toEqual(ada);
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: "busy" });
    const { id } = last().frames[0]!;
    last().tell({ type: "error", code: "bad_message", message: "No.", ...(id && { id }) });
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: null });
  });

  it("[K6] that are acknowledged take the error of earlier ones away", async () => {
    const handle = await entered();
    handle.setData({ typed: 1 });
    const refused = { type: "error", code: "bad_message", message: "No." } as const;
    last().tell({ ...refused, id: last().frames[0]!.id! });
    const { connection, error } = handle.getSnapshot();
    expect([connection, error]).toEqual(["online", { code: "bad_message", message: "No." }]);
    await vi.advanceTimersByTimeAsync(1_000);
    handle.setData({ typed: 2 });
    expect(handle.getSnapshot().error).not.toBeNull();
    last().tell({ type: "ack", id: last().frames[1]!.id! });
    expect(handle.getSnapshot().error).toBeNull();
  });
});

describe("a person", () => {
  const idling = () =>
    last().frames.flatMap((frame) => (frame.type === "idle" ? [frame.idle] : []));

  it("[K10] is away after no input for a while, and back at the first", async () => {
    await entered({ idleAfterMs: 10_000 });
    for (const type of ["pointermove", "keydown", "wheel", "touchmove", "pointerdown"]) {
      await vi.advanceTimersByTimeAsync(9_000);
      window.dispatchEvent(new Event(type));
    }
    await vi.advanceTimersByTimeAsync(9_900);
    expect(idling()).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(idling()).toEqual([true]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(idling()).toEqual([true]);
    window.dispatchEvent(new Event("keydown"));
    expect(idling()).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(idling()).toEqual([true, false, true]);
  });

  it("[K10] is away in a hidden tab too, and back when they turn to it", async () => {
    await entered({ idleAfterMs: 10_000 });
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(idling()).toEqual([true]);
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    expect(idling()).toEqual([true, false]);
  });

  it("[K10, M5] who is away says so when they reconnect, and when they came back meanwhile", async () => {
    await entered({ idleAfterMs: 10_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    last().end(1006, "");
    await soon();
    expect(last().url.searchParams.get("idle")).toBe("true");
    window.dispatchEvent(new Event("keydown"));
    last().welcome(ada);
    expect(idling()).toEqual([false]);
  });

  it("[K10] is never away where there is no page, or no time is set", async () => {
    await entered({ idleAfterMs: Infinity });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(idling()).toEqual([]);
    vi.stubGlobal("document", undefined);
    await entered({ idleAfterMs: 10_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(idling()).toEqual([]);
  });
});
