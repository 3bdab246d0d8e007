import { afterEach, expect, it, vi } from "vitest";
import { receive } from "../../../src/server/room/connections/frames.ts";
import { RETRY_MS, sweep } from "../../../src/server/room/connections/sweep.ts";
import { WriteFailure } from "../../../src/server/room/storage/write-failure.ts";
import { TurnRunner } from "../../../src/server/room/turn-runner.ts";
import { LIMITS, Model } from "./model.ts";
import { withStorage } from "./model-storage.ts";
import { ModelWindows } from "./model-windows.ts";

afterEach(() => void vi.restoreAllMocks());

/** The lines on faults. */
function watchFaults(): string[] {
  const faults: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    if (line.includes('"event":"failure"')) faults.push(line);
  });
  return faults;
}

/** A room in which there is one member. */
function openModel(storage: DurableObjectStorage): Model {
  const model = new Model(storage);
  model.turn((now) => model.join({ do: "join", user: 0, resume: false, hasNewName: false }, now));
  vi.advanceTimersByTime(1_000);
  return model;
}

it("[L7.4] a step of the sweep that fails keeps no other from its turn, and is tried again 10 s later", () =>
  withStorage(async (storage) => {
    const faults = watchFaults();
    const model = openModel(storage);
    const look = vi.spyOn(model.room.connections, "look");
    const nonReaders = vi.spyOn(model.room.connections, "nonReaders");
    look.mockImplementationOnce(() => {
      throw new Error("broken");
    });
    model.turn((now) => sweep(model.room, now), true);
    expect(faults).toHaveLength(1);
    expect(nonReaders).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(RETRY_MS - 1);
    expect(look).toHaveBeenCalledTimes(1);
    // Alarms are set for full tenths of a second.
    vi.advanceTimersByTime(100);
    expect(look).toHaveBeenCalledTimes(2);
    vi.clearAllTimers();
  }));

it("[L6.4, L6.1] a turn whose end fails refuses nobody, and ends once: the room restarts", () =>
  withStorage(async (storage) => {
    const faults = watchFaults();
    const model = openModel(storage);
    const abort = vi.fn();
    const runner = new TurnRunner(model.room, { abort } as unknown as DurableObjectState);
    const refuse = vi.fn(() => {});
    storage.sql.exec("ALTER TABLE members RENAME TO elsewhere");
    const act = (now: number) =>
      void model.roster.update(now, model.live[0]!.user, { status: "busy" });
    expect(() => runner.event(act, refuse, true)).toThrow(WriteFailure);
    expect(refuse).not.toHaveBeenCalled();
    expect(abort).toHaveBeenCalledTimes(1);
    expect(faults).toHaveLength(1);
    vi.clearAllTimers();
  }));

/** A room of many connections that has slept, all of which have been told everything. */
function crowdedModel(storage: DurableObjectStorage): Model {
  const limits = { ...LIMITS, maxConnectionsPerUser: 50, maxConnectionsPerRoom: 150 };
  const model = new Model(storage, limits);
  for (let n = 0; n < 110; n++) {
    const step = { do: "join", user: n % 3, resume: false, hasNewName: false } as const;
    model.turn((now) => model.join(step, now));
  }
  vi.advanceTimersByTime(10_000);
  const { room } = model;
  model.sleep();
  expect(model.room).not.toBe(room);
  return model;
}

it("[W7, V2.1] in a room of many an ack is sent in a turn before the one that tells the others", () =>
  withStorage(async (storage) => {
    const model = crowdedModel(storage);
    const sent: string[] = [];
    for (const [n, client] of model.live.entries()) {
      const { receive: take } = client;
      vi.spyOn(client, "receive").mockImplementation((text) => {
        sent.push(`${n} ${JSON.parse(text).type}`);
        return take.call(client, text);
      });
    }
    const change = (which: number, status: string) => {
      const frame = JSON.stringify({ type: "update", status, id: "a" });
      model.turn((now) => receive(model.room, model.live[which]!.connection!, frame, now));
    };
    const deltas = () => sent.filter((frame) => frame.endsWith("delta")).length;
    change(0, "busy");
    expect(sent).toContain("0 ack");
    expect(deltas()).toBe(0);
    vi.advanceTimersByTime(0);
    expect(deltas()).toBe(110);
    // An ack of what changes nothing does not count as one.
    vi.advanceTimersByTime(10_000);
    sent.length = 0;
    change(0, "busy");
    change(0, "away");
    expect(deltas()).toBe(0);
    vi.advanceTimersByTime(0);
    expect(deltas()).toBe(110);
    // Nor can those who get replies keep the others waiting.
    vi.advanceTimersByTime(10_000);
    sent.length = 0;
    change(0, "busy");
    change(1, "away");
    expect(deltas()).toBe(110);
    // Without a reply, nothing is left to another turn.
    vi.advanceTimersByTime(10_000);
    sent.length = 0;
    model.turn((now) => void model.roster.update(now, "ada", { data: { n: 1 } }));
    expect(deltas()).toBe(110);
    vi.clearAllTimers();
    await model.check();
  }));

/** A room of two members, one of whom hides, which has been quiet. */
function quietModel(storage: DurableObjectStorage): Model {
  const model = openModel(storage);
  model.turn((now) => model.join({ do: "join", user: 1, resume: false, hasNewName: false }, now));
  model.turn((now) => void model.roster.update(now, "bob", { status: "offline" }));
  vi.advanceTimersByTime(1_000);
  return model;
}

it("[V2.1, W7] changes within 50 ms are stored together, before anybody is told of them", () =>
  withStorage(async (storage) => {
    const model = quietModel(storage);
    const write = vi.spyOn(model.room.store, "write");
    const acks: number[] = [];
    const change = (n: number) =>
      model.turn((now) => {
        model.roster.update(now, "ada", { data: { n } });
        model.room.replies.after(() => acks.push(n));
      });
    change(1);
    expect([write.mock.calls.length, acks]).toEqual([1, [1]]);
    vi.advanceTimersByTime(1);
    change(2);
    change(3);
    expect([write.mock.calls.length, acks]).toEqual([1, [1]]);
    vi.advanceTimersByTime(48);
    expect(write).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect([write.mock.calls.length, acks]).toEqual([2, [1, 2, 3]]);
    // What comes later than that is stored at once, though others hear of it later.
    vi.advanceTimersByTime(50);
    change(4);
    expect([write.mock.calls.length, acks]).toEqual([3, [1, 2, 3, 4]]);
    vi.clearAllTimers();
    await model.check();
  }));

it("[V2.1, W7] in a small room those who wait for nothing are told in the turn of the ack", () =>
  withStorage(async (storage) => {
    const model = quietModel(storage);
    const [ada] = model.live;
    const frame = JSON.stringify({ type: "update", data: { n: 1 }, id: "a" });
    model.turn((now) => receive(model.room, ada!.connection!, frame, now));
    expect(ada!.roll?.members[0]?.data).toEqual({ n: 1 });
    vi.clearAllTimers();
  }));

it("[V2.1] a change is told when it is due, though the room has just stored another", () =>
  withStorage(async (storage) => {
    const model = quietModel(storage);
    const change = (n: number, durable = false) =>
      model.turn((now) => void model.roster.update(now, "ada", { data: { n } }), durable);
    const told = () => model.live[0]!.roll?.members[0]?.data?.["n"];
    change(1);
    vi.advanceTimersByTime(30);
    change(2, true);
    vi.advanceTimersByTime(1);
    change(3);
    vi.advanceTimersByTime(18);
    expect(told()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(told()).toBe(3);
    vi.clearAllTimers();
    await model.check();
  }));

it("[S5.4, V2.1] watch lists that change within 50 ms are stored together", () =>
  withStorage(async (storage) => {
    const model = quietModel(storage);
    const windows = new ModelWindows(model);
    const how = { user: 2, limit: 0, isMember: false, isLater: false, resume: false };
    const clients = [1, 2].map(() => model.turn((now) => windows.open(how, now)!));
    vi.advanceTimersByTime(10_000);
    const write = vi.spyOn(model.room.watchTable, "write");
    for (const client of clients) {
      model.turn(() => windows.watch(client, { add: ["bob"], remove: [], denied: [] }));
    }
    expect(write).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(50);
    expect(write).toHaveBeenCalledTimes(2);
    vi.clearAllTimers();
    await windows.check();
  }));

it("[L6.4] a fault while others are told is logged, and ends no turn", () =>
  withStorage(async (storage) => {
    const faults = watchFaults();
    const model = quietModel(storage);
    vi.spyOn(model.room.broadcaster, "flush").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    const acks: number[] = [];
    model.turn((now) => {
      model.roster.update(now, "ada", { data: { n: 1 } });
      model.room.replies.after(() => acks.push(1));
    });
    expect([faults.length, acks, model.room.isChanged]).toEqual([1, [1], false]);
    vi.clearAllTimers();
    await model.check();
  }));

it("[M3.3, W7] a change that nobody sees is stored at once though the clock is set back, and delays no other", () =>
  withStorage(async (storage) => {
    const model = quietModel(storage);
    const [ada, bob] = model.live;
    const told = () => ada!.frames.length;
    model.turn((now) => void model.roster.update(now, "ada", { data: { n: 1 } }));
    vi.setSystemTime(Date.now() - 3_600_000);
    model.turn((now) => model.roster.idle(now, bob!.connection!.ref, true));
    expect(model.room.isChanged).toBe(false);
    vi.advanceTimersByTime(1_000);
    const before = told();
    model.turn((now) => model.roster.idle(now, bob!.connection!.ref, false));
    model.turn((now) => void model.roster.update(now, "ada", { data: { n: 2 } }));
    expect(told()).toBe(before + 1);
    vi.clearAllTimers();
    await model.check();
  }));
