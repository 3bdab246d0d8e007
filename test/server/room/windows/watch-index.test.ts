import fc from "fast-check";
import { expect, it } from "vitest";
import type { Connection } from "../../../../src/server/room/connections/connection.ts";
import type { ListHolder } from "../../../../src/server/room/members/seen-list.ts";
import { SharedTexts } from "../../../../src/server/room/windows/shared-texts.ts";
import { WatchIndex } from "../../../../src/server/room/windows/watch-index.ts";
import { WatchLists } from "../../../../src/server/room/windows/watch-lists.ts";
import { WindowGroups } from "../../../../src/server/room/windows/window-groups.ts";

const IDS = ["a", "bb", "ccc"];
const step = fc.record({
  does: fc.constantFrom("add" as const, "delete" as const),
  id: fc.constantFrom(...IDS),
  who: fc.nat(2),
});

it("[S5.1, S5.5] who watches whom is known after any changes, and how long all ids are", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const index = new WatchIndex<{ name: number }>();
      const watchers = [0, 1, 2].map((name) => ({ name }));
      const truth = new Map(IDS.map((id) => [id, new Set<{ name: number }>()]));
      for (const { does, id, who } of steps) {
        index[does](id, watchers[who]!);
        truth.get(id)![does](watchers[who]!);
        for (const [each, by] of truth) {
          expect(new Set(index.of(each))).toEqual(by);
          expect(index.has(each)).toBe(by.size > 0);
          for (const watcher of watchers) {
            expect(index.isOnly(each, watcher)).toBe(by.size === 1 && by.has(watcher));
          }
        }
        const watched = IDS.filter((each) => truth.get(each)!.size > 0);
        expect([index.size, index.length]).toEqual([watched.length, watched.join("").length]);
      }
    }),
  );
});

it("[S4.2] a text is shared by those who are told of the same users, and by nobody else", () => {
  const texts = new SharedTexts();
  const name = (...ids: string[]) => texts.nameOf(ids);
  const names = [name(), name("ada"), name("bob"), name("ada", "bob"), name("ada,bob"), name("0")];
  expect(new Set(names).size).toBe(names.length);
  expect([name("ada", "bob"), name("bob")]).toEqual([names[3], names[2]]);
  let made = 0;
  const make = () => `text ${++made}`;
  expect([texts.get("one", make), texts.get("one", make), texts.get("two", make)]).toEqual([
    "text 1",
    "text 1",
    "text 2",
  ]);
});

it("[S4.1] a window that has ended is told of no change, and the others of those among their first alone", () => {
  const lists = new WatchLists<Connection>();
  const groups = new WindowGroups(lists);
  let present = ["bob", "cleo", "dora"];
  const list = {
    firstPresent: (count: number, except: ReadonlySet<string> = new Set()) =>
      present.filter((id) => !except.has(id)).slice(0, count),
  };
  const holder = { list } as ListHolder;
  const [two, gone, three] = [2, 2, 3].map((limit) => ({ id: `${limit}`, limit }) as Connection);
  const shown = new Map([two!, gone!, three!].map((each) => [each, groups.place(each, holder)]));
  const update = (...changed: string[]) =>
    groups.update(holder, new Set(changed), (connection) => shown.get(connection)!);
  expect(shown.get(two!)).toEqual(["bob", "cleo"]);
  expect(update("bob")).toEqual(new Set([two, gone, three]));
  groups.delete(gone!);
  expect(update("bob")).toEqual(new Set([two, three]));
  expect(update("dora")).toEqual(new Set([three]));
  expect([update("zoe"), update()]).toEqual([new Set(), new Set()]);
  present = ["ada", ...present];
  expect(update("ada")).toEqual(new Set([two, three]));
  expect(groups.place(three!, holder)).toEqual(["ada", "bob", "cleo"]);
});
