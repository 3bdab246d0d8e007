import { describe, expect, it, vi } from "vitest";
import { joinRoom } from "../../src/client/index.ts";
import {
  ada,
  asked,
  bob,
  countCalls,
  enter,
  entered,
  handles,
  initial,
  last,
  member,
  setUpFakes,
  sockets,
  soon,
} from "./fake-client.ts";
import { FakeSocket } from "./fake-socket.ts";

setUpFakes();

describe("a handle's state", () => {
  it("[K1.1] is online once the room has told who is there, and keeps that while it reconnects", async () => {
    const handle = enter();
    expect(handle.getSnapshot()).toEqual({
      connection: "connecting",
      members: [],
      self: null,
      online: 0,
      connections: 0,
      watching: null,
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
      watching: null,
      error: null,
    });
    last().end(1006, "");
    expect(handle.getSnapshot()).toEqual({ ...state, connection: "reconnecting" });
    expect(handle.getSnapshot().members).toBe(state.members);
  });

  it("[K1.2] keeps what did not change, and calls no listener for nothing", async () => {
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

  it("[L2.1, W14.2] answers every probe at once, by its number where it has one", async () => {
    await entered();
    const { pings, frames } = last();
    last().tell({ type: "probe", n: 2 ** 32 });
    expect([pings, frames]).toEqual([[], [{ type: "alive", n: 2 ** 32 }]]);
    last().tell({ type: "probe" });
    expect([pings.length, frames.length]).toEqual([1, 1]);
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

  it("[K18.3] takes the path of a URL on the page's own origin", async () => {
    vi.stubGlobal("location", { href: "https://app.example.com/docs/42?tab=1" });
    handles.push(joinRoom("/rooms/lobby", { WebSocket: FakeSocket }));
    await soon();
    expect(last().url.href).toBe("wss://app.example.com/rooms/lobby");
  });

  it("[W3.1] asks for the view that is wanted", async () => {
    await entered({ view: "snapshot" });
    expect(last().url.searchParams.get("view")).toBe("snapshot");
  });
});

describe("handles of one URL", () => {
  it("[K4.1, K4.3, L4.1] share a connection, until the last has left", async () => {
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
    expect([last().closedWith, last().closedFor]).toEqual([1000, "left"]);
  });

  it("[K4.1, K4.2] share none where they would connect in another way", async () => {
    await entered();
    enter({ getToken: () => "a token" });
    enter({ view: "snapshot" });
    enter({ user: "ada" });
    enter({ user: "bob" });
    enter({ initial });
    await soon();
    expect(sockets).toHaveLength(5);
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
