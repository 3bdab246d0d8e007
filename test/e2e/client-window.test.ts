import { describe, expect, it, vi } from "vitest";
import type { RoomHandle } from "../../src/client/index.ts";
import type { ClientFrame, Member } from "../../src/protocol/messages.ts";
import { windowOf } from "../../src/window/index.ts";
import {
  ada,
  bob,
  enter,
  entered,
  last,
  member,
  setUpFakes,
  sockets,
  soon,
} from "./fake-client.ts";

setUpFakes();

const window = windowOf({ limit: 0 });

type WatchFrame = Extract<ClientFrame, { type: "watch" }>;
const watches = () => last().frames.filter((frame): frame is WatchFrame => frame.type === "watch");
const gathered = () => vi.advanceTimersByTimeAsync(51);
const paced = () => vi.advanceTimersByTimeAsync(300);
const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => `user-${String(from + at).padStart(5, "0")}`);

const unknown = (id: string) => member(id, { status: "offline", connections: 0 });

let version = 1;
function change(set: Member[], gone: string[] = [], from = version): void {
  version = from + 1;
  const counts = { online: 2, connections: 2 };
  last().tell({ type: "delta", epoch: "e", from, version, ...counts, set, gone });
}

function listen(room: RoomHandle): string[] {
  const told: string[] = [];
  room.on("join", ({ id }) => told.push(`join ${id}`));
  room.on("leave", ({ id }) => told.push(`leave ${id}`));
  room.on("change", ({ id, status }) => told.push(`change ${id} ${status}`));
  return told;
}

describe("a window", () => {
  it("[K16.2, S4.1] asks for its part, and for nothing since", async () => {
    await entered({ window });
    expect(last().url.search).toBe("?view=window&limit=0");
    last().end(1006, "");
    await soon();
    expect(last().url.search).toBe("?view=window&limit=0");
    enter({ window: windowOf() });
    await soon();
    expect(last().url.search).toBe("?view=window&limit=20");
  });

  it("[K16.3] gathers whom to watch for 50 ms, and each of them once", async () => {
    const room = await entered({ window });
    const ends = rows(40).map((id) => room.watch([id]));
    room.watch(["user-00001", "user-00001"]);
    await gathered();
    expect(watches()).toEqual([{ type: "watch", remove: [], add: rows(40), id: "watch" }]);
    await paced();
    // What scrolls: some go as others come, and one is asked for by another still.
    for (const end of ends.slice(0, 10)) end();
    for (const id of rows(10, 40)) room.watch([id]);
    room.watch(["user-00002"])();
    await gathered();
    const remove = rows(10).filter((id) => id !== "user-00001");
    expect(watches().slice(1)).toMatchObject([{ remove, add: rows(10, 40) }]);
  });

  it("[K16.3] says nothing of what is watched again at once", async () => {
    const room = await entered({ window });
    room.watch(["ada"])();
    const end = room.watch(["bob"]);
    await gathered();
    end();
    end();
    room.watch(["bob"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watches()).toMatchObject([{ remove: [], add: ["bob"] }]);
  });

  it("[K16.3, W12.1] that scrolls fast, and changes its own, sends what the room takes", async () => {
    const room = await entered({ window });
    for (let step = 0; step < 300; step++) {
      const end = room.watch(rows(40, step));
      room.setData({ step });
      await vi.advanceTimersByTimeAsync(16);
      end();
    }
    const types = last().frames.map(({ type }) => type);
    expect(types.filter((type) => type === "watch").length).toBeGreaterThan(5);
    expect(types.filter((type) => type === "update").length).toBeGreaterThan(5);
    expect(types.length).toBeLessThanOrEqual(19);
  });

  it("[K16.3, S5.1] splits what no frame takes, and never watches one too many in between", async () => {
    const long = (from: number) => rows(500, from).map((id) => id + "é".repeat(100));
    const room = await entered({ window });
    const end = room.watch(long(0));
    await gathered();
    end();
    room.watch(long(500));
    await vi.advanceTimersByTimeAsync(60_000);
    const watched = new Set<string>();
    for (const frame of watches()) {
      expect(new Blob([JSON.stringify(frame)]).size).toBeLessThanOrEqual(16_384);
      for (const id of frame.remove!) watched.delete(id);
      for (const id of frame.add!) watched.add(id);
      expect(watched.size).toBeLessThanOrEqual(500);
    }
    expect([...watched]).toEqual(long(500));
  });

  it("[K16.4] watches the first 500, says that there are more, and lets others move up", async () => {
    const room = await entered({ window });
    const [first] = rows(501).map((id) => room.watch([id]));
    await gathered();
    expect(watches().flatMap(({ add }) => add)).toEqual(rows(500));
    last().tell({ type: "ack", id: "watch" });
    expect(room.getSnapshot().error).toMatchObject({ code: "too_many_watched" });
    first!();
    await paced();
    expect(watches().at(-1)).toMatchObject({ remove: rows(1), add: rows(1, 500) });
    last().tell({ type: "ack", id: "watch" });
    expect(room.getSnapshot().error).toBeNull();
  });

  it("[K16.4] leaves out what can be nobody's id, which would have the frame refused", async () => {
    const room = await entered({ window });
    room.watch(["", ".", "..", "x".repeat(129), "\ud800", "ada"]);
    await gathered();
    expect(watches()).toMatchObject([{ add: ["ada"] }]);
  });

  it("[K16.4] is needed to watch", async () => {
    const room = await entered();
    expect(() => room.watch(["ada"])).toThrow(TypeError);
    // One that is not made by `windowOf` must not show the whole room.
    expect(() => enter({ window: { limit: 0 } as unknown as typeof window })).toThrow(TypeError);
  });

  it("[K16.5, S5.6] watches the same again after a reconnect, before it is told the room", async () => {
    const room = await entered({ window });
    room.watch(["ada", "zoe"]);
    const end = room.watch(["bob"]);
    await gathered();
    last().end(1006, "");
    end();
    await soon();
    expect(last().url.search).toBe("?view=window&limit=0&watch=later");
    last().welcome(ada);
    expect(last().frames[0]).toMatchObject({ type: "watch", remove: [], add: ["ada", "zoe"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watches()).toHaveLength(1);
  });

  it("[K16.5] keeps what a handle watches while that is away, and before it joins", async () => {
    const room = enter({ window, autoJoin: false });
    room.watch(["ada"]);
    await gathered();
    expect(sockets).toHaveLength(0);
    room.join();
    await soon();
    last().welcome(ada);
    expect(watches()).toMatchObject([{ add: ["ada"] }]);
    room.leave();
    room.watch(["bob"]);
    await soon();
    room.join();
    await soon();
    last().welcome(ada);
    expect(watches()).toMatchObject([{ add: ["ada", "bob"] }]);
  });

  it("[K16.5, S6.4] is told again what the service could not judge", async () => {
    const room = await entered({ window });
    const end = room.watch(["ada"]);
    room.watch(["bob"]);
    await gathered();
    change([ada, bob], [], 1);
    end();
    room.watch(["zoe"]);
    await paced();
    expect(watches().at(-1)).toMatchObject({ remove: ["ada"], add: ["zoe"] });
    const code = "session_unavailable";
    last().tell({ type: "error", code, message: "Later.", id: "watch" });
    expect(room.getSnapshot().error).toMatchObject({ code });
    // Nor sooner for another change, which goes with it.
    room.watch(["cyd"]);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(watches()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(watches()).toHaveLength(3);
    expect(watches().at(-1)).toMatchObject({ remove: ["ada"], add: ["bob", "zoe", "cyd"] });
    last().tell({ type: "ack", id: "watch" });
    expect(room.getSnapshot().error).toBeNull();
  });

  it("[K16.5, K6.6] is told again where the room may have dropped it, and that a watcher is away never", async () => {
    const room = await entered({ window, present: false, idleAfterMs: 1_000 });
    room.watch(["ada"]);
    await gathered();
    last().tell({ type: "error", code: "rate_limited", message: "No." });
    room.watch(["bob"]);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(last().frames).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(last().frames.slice(1)).toMatchObject([{ type: "watch", add: ["ada", "bob"] }]);
  });

  it("[K16.5, S6.4] is not told again by the first state, and at once by a new connection", async () => {
    const room = enter({ window });
    room.watch(["ada"]);
    await soon();
    const counts = { online: 0, connections: 0 };
    const code = "session_unavailable";
    last().readyState = 1;
    last().tell({
      type: "welcome",
      protocol: 1,
      room: "lobby",
      connection: "c",
      self: { id: "ada", chosen: null },
      heartbeat: 15,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    last().tell({ type: "error", code, message: "Later.", id: "watch" });
    last().tell({
      type: "snapshot",
      room: "lobby",
      epoch: "e",
      version: 1,
      ...counts,
      members: [],
    });
    expect(room.getSnapshot().connection).toBe("online");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watches()).toHaveLength(1);
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    expect(watches()).toMatchObject([{ add: ["ada"] }]);
  });

  it("[K4.4] is shared by handles of the same limit alone, which watch together", async () => {
    const room = await entered({ window: windowOf({ limit: 0 }) });
    const other = enter({ window: windowOf({ limit: 0 }) });
    expect(other.getSnapshot().connection).toBe("online");
    room.watch(["ada"]);
    other.watch(["ada", "bob"]);
    await gathered();
    expect(watches()).toMatchObject([{ add: ["ada", "bob"] }]);
    other.leave();
    await paced();
    expect(watches().at(-1)).toMatchObject({ remove: ["bob"], add: [] });
    expect(sockets).toHaveLength(1);
    enter();
    enter({ window: windowOf({ limit: 1 }) });
    enter({ window, present: false });
    await soon();
    expect(sockets.map(({ url }) => url.search)).toEqual([
      "?view=window&limit=0",
      "",
      "?view=window&limit=1",
      "?present=false&view=window&limit=0",
    ]);
  });
});

describe("what a window tells", () => {
  it("[K15.4] is who joins and leaves of the watched, not who comes into it", async () => {
    const room = await entered({ window });
    const told = listen(room);
    room.watch(["zoe"]);
    await gathered();
    change([member("zoe", { status: "online" })], [], 1);
    expect(told).toEqual([]);
    change([unknown("zoe")]);
    change([member("zoe", { status: "online" })]);
    change([member("zoe", { status: "busy" })]);
    expect(told).toEqual(["leave zoe", "join zoe", "change zoe busy"]);
    // Others come and go in the window as there is room.
    change([member("cid")], ["bob"]);
    expect(told.slice(3)).toEqual([]);
    last().end(1006, "");
    await soon();
    last().welcome(ada, member("zoe", { status: "busy" }));
    expect(told.slice(3)).toEqual([]);
  });

  it("[S2.1, K1.1] is how many watch", async () => {
    const room = await entered({ window });
    expect(room.getSnapshot().watching).toBeNull();
    last().tell({ type: "watching", watching: 1234 });
    expect(room.getSnapshot().watching).toBe(1234);
  });
});
