import fc from "fast-check";
import { expect, it } from "vitest";
import { SortedIds } from "../../../../src/server/room/members/sorted-ids.ts";

/** Some whose order is that of code units alone. */
const id = fc.string({
  unit: fc.constantFrom(..."aZé語\u{1F642}\u{FF5E}"),
  minLength: 1,
  maxLength: 3,
});
const often = fc.constantFrom(..."aZé");
const some = fc.uniqueArray(fc.oneof(often, often, id), { maxLength: 4 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("add" as const), ids: some }) },
  // Many are sorted in at once.
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      ids: fc.uniqueArray(id, { minLength: 60, maxLength: 80 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("delete" as const), ids: some }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("read" as const), count: fc.nat(20), except: some }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("page" as const), count: fc.nat(20), after: id }),
  },
);

it("[S4.1, S7.2] the first by id, and those after one, are right after any additions and deletions", () => {
  fc.assert(
    fc.property(some, fc.array(step, { maxLength: 60, size: "max" }), (initial, steps) => {
      const naive = new Set(initial);
      const ids = new SortedIds(naive);
      for (const each of steps) {
        if (each.do === "add") {
          for (const id of each.ids) if (!naive.has(id)) ids.add(id);
          for (const id of each.ids) naive.add(id);
        } else if (each.do === "delete") {
          for (const id of each.ids) ids.delete(id);
          for (const id of each.ids) naive.delete(id);
        } else {
          const sorted = [...naive].toSorted();
          const { count } = each;
          if (each.do === "read") {
            const wanted = sorted.filter((id) => !each.except.includes(id));
            expect(ids.first(count, new Set(each.except))).toEqual(wanted.slice(0, count));
          } else {
            const wanted = sorted.filter((id) => id > each.after);
            expect(ids.after(each.after, count)).toEqual(wanted.slice(0, count));
          }
        }
      }
    }),
  );
});
