import { expect, it, vi } from "vitest";
import { receive } from "../../../src/server/room/connections/frames.ts";
import { RETRY_MS } from "../../../src/server/room/connections/sweep.ts";
import type { Task } from "../../../src/server/room/task.ts";
import { TurnRunner } from "../../../src/server/room/turn-runner.ts";
import { Model } from "./model.ts";
import { withStorage } from "./model-storage.ts";
import { ModelWindows } from "./model-windows.ts";

const LATER_MS = 5_000;

/** A room of one member that has been quiet, and the shell that runs its events. */
function openRoom(storage: DurableObjectStorage) {
  const model = new Model(storage);
  model.turn((now) => model.join({ do: "join", user: 0, resume: false, hasNewName: false }, now));
  vi.advanceTimersByTime(10_000);
  const abort = vi.fn();
  const kept: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => void kept.push(promise);
  const ctx = { abort, waitUntil } as unknown as DurableObjectState;
  const runner = new TurnRunner(model.room, ctx);
  const write = vi.spyOn(model.room.store, "write");
  const faults: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    if (line.includes('"event":"failure"')) faults.push(line);
  });
  const set = (n: number) => (now: number) => void model.roster.update(now, "ada", { data: { n } });
  const change = (n: number) => runner.event(set(n), () => {});
  /** What ada's page was told last. */
  const told = () => model.live[0]!.roll?.members[0]?.data?.["n"];
  return { model, room: model.room, runner, write, faults, abort, kept, set, change, told };
}

/** Runs a test with a room, and removes the timers that it leaves. */
function inRoom(test: (room: ReturnType<typeof openRoom>) => Promise<void> | void): Promise<void> {
  return withStorage(async (storage) => {
    await test(openRoom(storage));
    vi.clearAllTimers();
    vi.restoreAllMocks();
  });
}

it("[V2.1] what a busy room gathers is stored and told when it is due, though nothing else happens", () =>
  inRoom(({ change, told, write }) => {
    change(1);
    expect([write.mock.calls.length, told()]).toEqual([1, 1]);
    change(2);
    vi.advanceTimersByTime(49);
    change(3);
    expect([write.mock.calls.length, told()]).toEqual([1, 1]);
    vi.advanceTimersByTime(1);
    expect([write.mock.calls.length, told()]).toEqual([2, 3]);
  }));

it("[V2.1, S5.6] the room's timer is that of what is due first, and there is none if nothing is", () =>
  inRoom(({ model, room, runner, change, told }) => {
    const windows = new ModelWindows(model);
    const timers = vi.getTimerCount();
    const how = { user: 0, limit: 0, isMember: false, isLater: true, resume: false };
    const open = () =>
      runner.event(
        (now) => windows.open(how, now)!,
        () => null,
      )!;
    const waiting = open();
    expect(vi.getTimerCount()).toBe(timers + 1);
    // What is due earlier takes its place, and what is due later does not.
    change(1);
    change(2);
    vi.advanceTimersByTime(50);
    expect(told()).toBe(2);
    expect(vi.getTimerCount()).toBe(timers + 1);
    vi.advanceTimersByTime(LATER_MS - 51);
    expect(waiting.roll).toBeNull();
    vi.advanceTimersByTime(1);
    expect(waiting.roll).not.toBeNull();
    expect(vi.getTimerCount()).toBe(timers);
    const other = open();
    expect(vi.getTimerCount()).toBe(timers + 1);
    runner.event(
      () => room.broadcaster.forget(other.connection!),
      () => {},
    );
    expect(vi.getTimerCount()).toBe(timers);
  }));

it("[V2.1] a timer that fires before its time by the room's clock is due, and one that fires late is late", () =>
  inRoom(({ change, told, write }) => {
    change(1);
    change(2);
    vi.setSystemTime(Date.now() - 5);
    vi.advanceTimersByTime(50);
    expect(told()).toBe(2);
    vi.advanceTimersByTime(10_000);
    change(3);
    change(4);
    vi.setSystemTime(Date.now() + 1_000);
    vi.advanceTimersByTime(50);
    expect(told()).toBe(4);
    write.mockClear();
    // Gathered, since the room has just stored what was late.
    change(5);
    expect(write).not.toHaveBeenCalled();
  }));

it("[G1.1, G2.1, V2.1] signals are sent at once and then when they are due, and no change is stored for them", () =>
  inRoom(({ model, room, runner, change, write }) => {
    const join = { do: "join", user: 1, resume: false, hasNewName: false } as const;
    runner.event(
      (now) => model.join(join, now),
      () => {},
    );
    vi.advanceTimersByTime(10_000);
    const [ada, bob] = model.live;
    const sent = vi.spyOn(bob!.connection!, "send");
    const signal = (data: number) => {
      const frame = JSON.stringify({ type: "signal", name: "at", data });
      runner.event(
        (now) => receive(room, ada!.connection!, frame, now),
        () => {},
      );
    };
    const heard = () => sent.mock.calls.flatMap(([text]) => JSON.parse(String(text)).signals ?? []);
    write.mockClear();
    change(1);
    signal(1);
    expect(heard()).toMatchObject([{ from: "ada", data: 1 }]);
    signal(2);
    change(2);
    vi.advanceTimersByTime(32);
    expect(heard()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(heard()).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(write).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(17);
    expect(write).toHaveBeenCalledTimes(2);
  }));

it("[L6.4] a fault in an event refuses it alone: what it changed before is stored and told", () =>
  inRoom(({ runner, set, told, faults, abort }) => {
    const broken = (now: number) => {
      set(1)(now);
      throw new Error("broken");
    };
    const refused = runner.event<string>(broken, (error) => String(error));
    expect([refused, told(), faults]).toEqual(["Error: broken", 1, []]);
    expect(abort).not.toHaveBeenCalled();
  }));

it("[L6.3] a fault at the end of a turn that is not a failed write does not restart the room", () =>
  inRoom(({ room, change, told, faults, abort }) => {
    vi.spyOn(room.alarm, "wakeBy").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    expect(() => change(1)).toThrow("broken");
    expect(faults).toHaveLength(1);
    expect(abort).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    change(2);
    expect(told()).toBe(2);
  }));

it("[L5.1] an event finds done what was due before it", () =>
  inRoom(({ model, room, runner }) => {
    runner.event(
      (now) => model.roster.end(now, model.live[0]!.connection!.ref, now),
      () => {},
    );
    vi.setSystemTime(Date.now() + model.limits.retentionMs);
    expect(
      runner.event(
        () => room.roster.size,
        () => null,
      ),
    ).toBe(0);
  }));

it("[H5.2, L6.4] a room is kept awake for its tasks, whose faults are logged and stop no other", () =>
  inRoom(async ({ room, runner, set, told, faults, abort, kept }) => {
    const done: string[] = [];
    const tasks: Task[] = [
      async () => {
        throw new Error("broken");
      },
      async (runTurn) => {
        const result = runTurn(() => {
          throw new Error("broken");
        });
        done.push(`refused ${result}`);
      },
      async (runTurn) => {
        runTurn(set(1));
        done.push(`told ${told()}`);
      },
    ];
    runner.event(
      () => tasks.forEach((task) => room.start(task)),
      () => {},
    );
    expect(kept).toHaveLength(3);
    await Promise.all(kept);
    expect(done.toSorted()).toEqual(["refused undefined", "told 1"]);
    expect(faults).toHaveLength(2);
    expect(abort).not.toHaveBeenCalled();
  }));

it("[L7.1, L7.2] an alarm does what is due, stores it, and sets the next one", () =>
  inRoom(({ room, runner, change, write }) => {
    const look = vi.spyOn(room.connections, "look");
    vi.setSystemTime(room.alarm.at!);
    change(1);
    change(2);
    expect(write).toHaveBeenCalledTimes(1);
    runner.alarm();
    expect(look).toHaveBeenCalledTimes(1);
    expect(write).toHaveBeenCalledTimes(2);
    expect(room.alarm.at).toBeGreaterThan(Date.now());
  }));

it("[L7.4] an alarm whose end fails is tried again 10 s later, and starts its tasks", () =>
  inRoom(({ room, runner, faults, abort, kept }) => {
    vi.spyOn(room.broadcaster, "dueAt").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    room.start(async () => {});
    runner.alarm();
    expect([faults.length, kept.length]).toEqual([1, 1]);
    expect(abort).not.toHaveBeenCalled();
    expect(room.alarm.at! - Date.now()).toBeGreaterThanOrEqual(RETRY_MS);
    expect(room.alarm.at! - Date.now()).toBeLessThan(RETRY_MS + 100);
  }));
