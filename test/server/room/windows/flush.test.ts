import { expect, it, vi } from "vitest";
import { drop } from "../../../../src/server/room/connections/leave.ts";
import { Model } from "../model.ts";
import { withStorage } from "../model-storage.ts";
import { ModelWindows } from "../model-windows.ts";

const [ADA, BOB, CLEO, DEA] = [0, 1, 2, 3];
const HOUR = 3_600_000;
const QUIET_MS = 10_000;

function openModel(storage: DurableObjectStorage) {
  const model = new Model(storage);
  const windows = new ModelWindows(model);
  const come = (user: number) =>
    model.turn((now) => model.join({ do: "join", user, resume: false, hasNewName: false }, now));
  // A first member would begin a new epoch, which is sent as a snapshot.
  come(DEA);
  const open = (limit: number, isLater = false) =>
    model.turn((now) => {
      const how = { limit, isMember: false, isLater, resume: false };
      return windows.open({ user: ADA, ...how }, now)!;
    });
  const watch = (client: ReturnType<typeof open>, id: string) =>
    windows.watch(client, { add: [id], remove: [], denied: [] });
  return { model, come, open, watch };
}

/** The types of the frames that a window was sent since the last call, and whom they name. */
function toldTo({ frames }: { frames: { text: string }[] }): string[] {
  return frames.splice(0).map(({ text }) => {
    const { type, set = [] } = JSON.parse(text);
    return [type, ...set.map(({ id }: { id: string }) => id)].join(" ");
  });
}

it("[S4.3] who is told a change is told the counts with it, and others once", () =>
  withStorage(async (storage) => {
    const { model, come, open, watch } = openModel(storage);
    const [friend, stranger] = [open(0), open(0)];
    model.turn(() => watch(friend, "bob"));
    vi.advanceTimersByTime(QUIET_MS);
    for (const client of [friend, stranger]) toldTo(client);
    come(BOB);
    vi.advanceTimersByTime(QUIET_MS);
    expect([toldTo(friend), toldTo(stranger)]).toEqual([["delta bob"], ["delta"]]);
    vi.clearAllTimers();
  }));

it("[S4.3] after hibernation a change of the counts is sent at once, though another change came just before", () =>
  withStorage(async (storage) => {
    const { model, come, open, watch } = openModel(storage);
    come(BOB);
    const client = open(0);
    model.turn(() => watch(client, "bob"));
    vi.advanceTimersByTime(QUIET_MS);
    model.sleep();
    toldTo(client);
    model.turn((now) => void model.roster.update(now, "bob", { status: "busy" }));
    vi.advanceTimersByTime(200);
    // What it holds is not known since.
    expect(toldTo(client)).toEqual(["snapshot"]);
    come(CLEO);
    vi.advanceTimersByTime(200);
    expect(toldTo(client)).toEqual(["delta"]);
    vi.clearAllTimers();
  }));

it("[S5.6] a first state that waits for a watch list is sent though the clock is set back", () =>
  withStorage(async (storage) => {
    const { model, come, open } = openModel(storage);
    const client = open(1, true);
    const other = open(1);
    vi.advanceTimersByTime(1_000);
    expect(toldTo(client)).toEqual([]);
    vi.setSystemTime(Date.now() - HOUR);
    come(BOB);
    vi.advanceTimersByTime(QUIET_MS);
    expect(toldTo(client)[0]).toBe("snapshot");
    expect(toldTo(other)).toContain("delta bob");
    vi.clearAllTimers();
    expect(model.room.connections.watching).toBe(2);
  }));

it("[S5.4, S1.2] a window that changes its list and ends at once keeps the room from nothing", () =>
  withStorage(async (storage) => {
    const { model, open, watch } = openModel(storage);
    const client = open(0);
    vi.advanceTimersByTime(QUIET_MS);
    model.turn(() => {
      watch(client, "bob");
      drop(model.room, client.connection!, "closed");
    });
    vi.advanceTimersByTime(QUIET_MS);
    expect(model.room.broadcaster.dueAt(Date.now())).toBe(Number.POSITIVE_INFINITY);
    vi.clearAllTimers();
  }));
