import fc from "fast-check";
import { expect, it } from "vitest";
import { TimeIndex } from "../../../src/server/room/members/time-index.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
const step = fc.oneof(
  fc.record({
    do: fc.constant("set" as const),
    key,
    time: fc.oneof(fc.nat(8), fc.constantFrom(-Infinity, Infinity, Number.NaN)),
  }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constant("take" as const), now: fc.nat(8) }),
);

it("[L7.1] deadlines come in the order of their times, and then of their keys, whatever was set before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const index = new TimeIndex();
      const model = new Map<string, number>();
      const inOrder = () =>
        [...model].toSorted(([a, at], [b, bt]) =>
          at === bt ? (a < b ? -1 : 1) : at < bt ? -1 : 1,
        );
      for (const each of steps) {
        if (each.do === "set") {
          index.set(each.key, each.time);
          if (each.time < Infinity) model.set(each.key, each.time);
          else model.delete(each.key);
        } else if (each.do === "delete") {
          index.delete(each.key);
          model.delete(each.key);
        } else {
          const due = inOrder().filter(([, time]) => time <= each.now);
          expect([...index.takeUntil(each.now)]).toEqual(due.map(([taken]) => taken));
          for (const [taken] of due) model.delete(taken);
        }
        expect(index.size).toBe(model.size);
        expect(index.first?.key).toBe(inOrder()[0]?.[0]);
        expect(index.firstTime).toBe(inOrder()[0]?.[1] ?? Infinity);
      }
    }),
  );
});

it("[L7.1] deadlines that move without end take no more room than there are keys", () => {
  const index = new TimeIndex();
  for (let time = 0; time < 200_000; time++) index.set(`key-${time % 10}`, time);
  expect([...index.takeUntil(200_000)]).toHaveLength(10);
  // More than a call takes arguments.
  for (let n = 0; n < 200_000; n++) index.set(`key-${n}`, -n);
  expect(index.first).toMatchObject({ key: "key-199999", time: -199_999 });
});
