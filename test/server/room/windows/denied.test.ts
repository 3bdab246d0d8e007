import { expect, it, vi } from "vitest";
import { unknown } from "../../../worker-kit/window.ts";
import { Model } from "../model.ts";
import { withStorage } from "../model-storage.ts";
import { ModelWindows } from "../model-windows.ts";

const [BOB, CLEO] = [1, 2];
const WATCHED = ["bob", "Cleo"];

/** The members in the deltas that a window was sent since the last call. */
function newsOf({ frames }: { frames: { text: string }[] }): unknown[] {
  const told = frames.splice(0).map(({ text }) => JSON.parse(text));
  return told.flatMap((frame) => (frame.type === "delta" ? frame.set : []));
}

it("[S6.2] windows that add the same users at once are each shown whom they may watch, and no change of the others", () =>
  withStorage(async (storage) => {
    const model = new Model(storage);
    const windows = new ModelWindows(model);
    const come = (user: number, now: number) =>
      model.join({ do: "join", user, resume: false, hasNewName: true }, now);
    const open = () =>
      model.turn((now) => {
        const how = { limit: 0, isMember: false, isLater: false, resume: false };
        return windows.open({ user: 0, ...how }, now)!;
      });
    const [friend, stranger, other] = [open(), open(), open()];
    model.turn((now) => {
      come(BOB, now);
      come(CLEO, now);
    });
    vi.advanceTimersByTime(10_000);
    for (const client of [friend, stranger, other]) newsOf(client);

    model.turn(() => {
      windows.watch(friend, { add: WATCHED, remove: [], denied: [] });
      windows.watch(stranger, { add: WATCHED, remove: [], denied: ["bob"] });
      windows.watch(other, { add: WATCHED, remove: [], denied: ["Cleo"] });
    });
    vi.advanceTimersByTime(10_000);
    expect(newsOf(friend)).toMatchObject([{ connections: 1 }, { connections: 1 }]);
    expect(newsOf(stranger)).toMatchObject([unknown("bob"), { id: "Cleo", connections: 1 }]);
    expect(newsOf(other)).toMatchObject([{ id: "bob", connections: 1 }, unknown("Cleo")]);

    // Both change in one turn, so that the window is sent something.
    model.turn((now) => {
      come(BOB, now);
      come(CLEO, now);
    });
    vi.advanceTimersByTime(10_000);
    expect(newsOf(friend)).toHaveLength(2);
    expect(newsOf(stranger)).toMatchObject([{ id: "Cleo", connections: 2 }]);
    expect(newsOf(other)).toMatchObject([{ id: "bob", connections: 2 }]);
    await windows.check();
    vi.clearAllTimers();
  }));
