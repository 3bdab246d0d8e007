import fc from "fast-check";
import { expect, it } from "vitest";
import {
  compare,
  isShown,
  shownBy,
  type Window,
} from "../../../../src/server/room/windows/window.ts";

const ids = fc.constantFrom(..."abcdefghij");
const someIds = fc.uniqueArray(ids, { maxLength: 8 });

const windowOf = (watched: string[], others: string[]): Window => ({
  watched: new Set(watched),
  others: others.filter((id) => !watched.includes(id)).toSorted(),
});
const aWindow = fc.tuple(someIds, someIds).map(([watched, others]) => windowOf(watched, others));

const without = (ids: readonly string[], some: ReadonlySet<string>) =>
  ids.filter((id) => !some.has(id));

it("[S4.2, S5.2] what is told leads from one window to the next, and tells nothing else", () => {
  fc.assert(
    fc.property(aWindow, aWindow, fc.boolean(), someIds, (before, other, isSame, changed) => {
      const after = isSame
        ? { watched: before.watched, others: without(other.others, before.watched) }
        : other;
      const entry = (id: string, isAfter: boolean) =>
        isAfter && changed.includes(id) ? `${id} changed` : id;
      const held = new Map(shownBy(before).map((id) => [id, entry(id, false)]));
      const { set, gone } = compare(before, after, new Set(changed));
      for (const id of gone) expect(held.delete(id)).toBe(true);
      for (const id of set) held.set(id, entry(id, true));
      const truth = new Map(shownBy(after).map((id) => [id, entry(id, true)]));
      expect(new Map([...held].toSorted())).toEqual(new Map([...truth].toSorted()));
      expect(new Set(set).size).toBe(set.length);
      for (const id of set) expect(!isShown(before, id) || changed.includes(id)).toBe(true);
    }),
  );
});

it("[S4.2] a window that is the same is told who changed, whichever are fewer", () => {
  fc.assert(
    fc.property(aWindow, someIds, (same, changed) => {
      const { set, gone } = compare(same, same, new Set(changed));
      expect(gone).toEqual([]);
      expect(set.toSorted()).toEqual(changed.filter((id) => isShown(same, id)).toSorted());
    }),
  );
});
