import { afterEach, expect, it, vi } from "vitest";
import { readRoom } from "../../worker-kit/http.ts";
import { join } from "../../worker-kit/peer.ts";
import { query, restart } from "../../worker-kit/time.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("[L6] what cannot be stored ends the room before anything tells of it, by a timer too", async () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  const room = "faults-1";
  // By a clock that stands still every change is gathered, and stored by the timer.
  vi.setSystemTime(Date.now());
  const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
  await bob.news();
  await query(room, "ALTER TABLE members RENAME TO elsewhere");
  const before = bob.frames.length;
  ada.send({ type: "update", status: "busy", id: "lost" });
  await Promise.all([ada.closed, bob.closed]);
  expect(bob.frames.slice(before)).toEqual([]);
  expect(JSON.stringify(ada.frames)).not.toContain("lost");
  expect(lines.mock.calls.flat().join("\n")).toContain('"event":"failure"');
  await query(room, "ALTER TABLE elsewhere RENAME TO members");
  await restart(room);
  expect((await readRoom(room)).members.map(({ id, status }) => [id, status])).toEqual([
    ["ada", "online"],
    ["bob", "online"],
  ]);
});
