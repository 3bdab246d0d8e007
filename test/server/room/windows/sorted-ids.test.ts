import fc from "fast-check";
import { expect, it } from "vitest";
import { SortedIds } from "../../../../src/server/room/members/sorted-ids.ts";

const id = fc.string({ unit: "binary", minLength: 1, maxLength: 3 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("add" as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("read" as const), count: fc.nat(20) }) },
);

it("[S4.1] the first by id are right after any additions and deletions", () => {
  fc.assert(
    fc.property(
      fc.array(id, { maxLength: 5 }),
      fc.array(step, { maxLength: 200 }),
      fc.array(id, { maxLength: 4 }),
      (initial, steps, except) => {
        const naive = new Set(initial);
        const ids = new SortedIds(naive);
        const check = (count: number, without: ReadonlySet<string>) => {
          const wanted = [...naive].filter((each) => !without.has(each)).toSorted();
          expect(ids.first(count, without)).toEqual(wanted.slice(0, count));
          expect(ids.size).toBe(naive.size);
        };
        for (const each of steps) {
          if (each.do === "read") check(each.count, new Set());
          else if (each.do === "delete") {
            naive.delete(each.id);
            ids.delete(each.id);
          } else if (!naive.has(each.id)) {
            naive.add(each.id);
            ids.add(each.id);
          }
        }
        check(300, new Set());
        check(10, new Set(except));
      },
    ),
  );
});
