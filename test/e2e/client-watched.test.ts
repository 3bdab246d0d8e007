import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_WATCHED } from "../../src/protocol/messages.ts";
import { Watched } from "../../src/window/watched.ts";
import { runs } from "../property-cases.ts";

const MAX_FRAME_BYTES = 16_384;

/** A room that watches for a connection what that tells it, and may refuse to. */
class Room {
  readonly lists = new Set<string[]>();
  readonly watched = new Watched((all) => {
    for (const list of this.lists) all.push(...list);
  });
  shown = new Set<string>();
  refuses = false;

  tell(): void {
    for (const frame of this.watched.take()) {
      if (frame.type !== "watch") throw new Error("It tells nothing else.");
      expect(new Blob([JSON.stringify(frame)]).size).toBeLessThanOrEqual(MAX_FRAME_BYTES);
      if (this.refuses) continue;
      for (const id of frame.remove ?? []) this.shown.delete(id);
      for (const id of frame.add ?? []) this.shown.add(id);
      expect(this.shown.size).toBeLessThanOrEqual(MAX_WATCHED);
    }
    // All that it answers to a refusal is what it shows.
    if (this.refuses) this.watched.reset([...this.shown].map((id) => ({ id })));
  }

  reconnect(): void {
    this.shown = new Set();
    this.watched.reset();
    this.tell();
  }
}

/** From few to more than a room takes, some of them long. */
const list = fc
  .record({ from: fc.nat(900), count: fc.oneof(fc.nat(40), fc.nat(700)), isLong: fc.boolean() })
  .map(({ from, count, isLong }) =>
    Array.from({ length: count }, (_, at) => `${from + at}${isLong ? "é".repeat(90) : ""}`),
  );
const step = fc.oneof(
  fc.record({ add: list }),
  fc.record({ end: fc.nat() }),
  fc.constantFrom("tell", "reconnect", "refuse", "allow"),
);

it("[K16.3, K16.4, K16.5] a room watches whom the page does in the end, whatever was lost or refused", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const room = new Room();
      for (const each of steps) {
        if (each === "tell") room.tell();
        else if (each === "reconnect") room.reconnect();
        else if (each === "refuse") room.refuses = true;
        else if (each === "allow") room.refuses = false;
        else if ("add" in each) room.lists.add(each.add);
        else room.lists.delete([...room.lists][each.end % room.lists.size]!);
      }
      room.refuses = false;
      room.tell();
      const all = new Set([...room.lists].flat());
      expect(room.shown).toEqual(new Set([...all].slice(0, MAX_WATCHED)));
      expect(room.watched.error === null).toBe(all.size <= MAX_WATCHED);
      expect(room.watched.take()).toEqual([]);
    }),
    { numRuns: runs(200) },
  );
});

it.each([
  ["ASCII", "x".repeat(124), 5],
  ["accents", "é".repeat(124), 8],
  ["short ids", "", 1],
])("[K16.3] a long list goes into as few frames as hold it: %s", (_which, text, count) => {
  const room = new Room();
  room.lists.add(Array.from({ length: 500 }, (_, at) => `${1000 + at}${text}`));
  room.tell();
  expect(room.shown.size).toBe(500);
  room.watched.reset();
  expect(room.watched.take()).toHaveLength(count);
});
