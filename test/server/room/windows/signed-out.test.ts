import { expect, it, vi } from "vitest";
import { signOut } from "../../../../src/server/room/connections/leave.ts";
import { Model } from "../model.ts";
import { withStorage } from "../model-storage.ts";
import { ModelWindows } from "../model-windows.ts";

const [ADA, BOB, CLEO, DEA] = [0, 1, 2, 3];
/** Shorter than a socket may wait for another sign-in. */
const WHILE_MS = 9_000;

/** A room of one member and one window, and what the window is sent. */
function openRoom(storage: DurableObjectStorage, isLater: boolean) {
  const model = new Model(storage);
  const windows = new ModelWindows(model);
  const come = (user: number) =>
    model.turn((now) => model.join({ do: "join", user, resume: false, hasNewName: false }, now));
  come(DEA);
  const open = (now: number) =>
    windows.open({ user: ADA, limit: 2, isMember: false, isLater, resume: false }, now)!;
  const quit = (client: NonNullable<ReturnType<typeof open>>, now: number) =>
    signOut(model.room, client.connection!, "left", now);
  return { model, windows, come, open, quit };
}

it.each([
  ["before its first state", false, 0],
  ["while its first state waits for a watch list", true, 1_000],
  ["after it was told everything", false, 1_000],
])("[T6.1, S4.2] a window that is signed out %s is told nothing more", (_when, isLater, afterMs) =>
  withStorage(async (storage) => {
    const { model, windows, come, open, quit } = openRoom(storage, isLater);
    const other = model.turn((now) => {
      const client = open(now);
      if (afterMs === 0) quit(client, now);
      return client;
    });
    if (afterMs > 0) {
      vi.advanceTimersByTime(afterMs);
      other.frames.length = 0;
      model.turn((now) => quit(other, now));
    }
    come(BOB);
    vi.advanceTimersByTime(WHILE_MS / 2);
    come(CLEO);
    model.room.broadcaster.rewatch(other.connection!, ["bob"]);
    // The number of watchers changes, too.
    model.turn((now) =>
      windows.open({ user: BOB, limit: 0, isMember: false, isLater: false, resume: false }, now),
    );
    vi.advanceTimersByTime(WHILE_MS / 2);
    expect(other.frames).toEqual([]);
    vi.clearAllTimers();
  }),
);

it("[T6.1, S4.4] a window that is signed out is told nothing after hibernation either", () =>
  withStorage(async (storage) => {
    const { model, come, open, quit } = openRoom(storage, false);
    const client = model.turn(open);
    vi.advanceTimersByTime(1_000);
    model.turn((now) => quit(client, now));
    // Until everybody has been told the number of watchers.
    vi.advanceTimersByTime(WHILE_MS / 2);
    const { room } = model;
    model.sleep();
    expect(model.room).not.toBe(room);
    client.frames.length = 0;
    come(BOB);
    vi.advanceTimersByTime(WHILE_MS / 2);
    expect(client.connection?.isAdmitted).toBe(false);
    expect(client.frames).toEqual([]);
    vi.clearAllTimers();
  }));
