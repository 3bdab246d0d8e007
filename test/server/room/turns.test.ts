import { afterEach, expect, it, vi } from "vitest";
import { RETRY_MS, sweep } from "../../../src/server/room/connections/sweep.ts";
import { WriteFailure } from "../../../src/server/room/storage/write-failure.ts";
import { TurnRunner } from "../../../src/server/room/turn-runner.ts";
import { Model } from "./model.ts";
import { withStorage } from "./model-storage.ts";

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
