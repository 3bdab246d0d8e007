import { expect, it } from "vitest";
import { CountsClock } from "../../../../src/server/room/windows/counts-clock.ts";
import { WatchingClock } from "../../../../src/server/room/windows/watching-clock.ts";

it("[S2.1] how many watch is due at once, and then every 5 s at most, whatever one was told meanwhile", () => {
  const clock = new WatchingClock();
  const frame = (watching: number) => JSON.stringify({ type: "watching", watching });
  expect(clock.take(0, 1_000)).toBeNull();
  expect(clock.take(1, 1_000)).toBe(frame(1));
  expect(clock.take(2, 5_999)).toBeNull();
  expect(clock.dueAt(2)).toBe(6_000);
  expect(clock.frameFor(2)).toBe(frame(2));
  // Back to what the others were told, but not the one that came.
  expect(clock.take(1, 6_000)).toBe(frame(1));
  expect(clock.dueAt(1)).toBe(Number.POSITIVE_INFINITY);
  // The clock is set back.
  expect(clock.take(2, 500)).toBe(frame(2));
  // A window that came meanwhile was told the same.
  expect([clock.frameFor(2), clock.dueAt(2)]).toEqual([frame(2), Number.POSITIVE_INFINITY]);
});

it("[S4.3] counts alone are due at once, and then every second at most, though they are as before", () => {
  const clock = new CountsClock();
  const counts = (online: number) => ({ online, connections: online });
  clock.begin(counts(1));
  clock.note(counts(1), 1_000);
  expect(clock.take(1_000)).toBe(false);
  clock.note(counts(2), 1_000);
  expect(clock.take(1_000)).toBe(true);
  clock.note(counts(3), 1_100);
  clock.note(counts(2), 1_200);
  expect([clock.take(1_999), clock.dueAt]).toEqual([false, 2_000]);
  expect(clock.take(2_000)).toBe(true);
  expect(clock.dueAt).toBe(Number.POSITIVE_INFINITY);
  // Either count is news, and no sooner for coming at the same moment.
  clock.note({ online: 2, connections: 3 }, 2_000);
  expect([clock.take(2_000), clock.dueAt]).toEqual([false, 3_000]);
  expect(clock.take(3_000)).toBe(true);
  clock.note({ online: 3, connections: 3 }, 9_000);
  expect(clock.take(9_000)).toBe(true);
  clock.note({ online: 3, connections: 3 }, 20_000);
  expect(clock.take(20_000)).toBe(false);
  // The clock is set back.
  clock.note(counts(4), 500);
  expect(clock.take(500)).toBe(true);
});
