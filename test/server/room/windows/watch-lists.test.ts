import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_WATCHED } from "../../../../src/protocol/messages.ts";
import { WatchTable } from "../../../../src/server/room/storage/watch-table.ts";
import { WatchLists, type WatchList } from "../../../../src/server/room/windows/watch-lists.ts";

const id = fc.constantFrom(..."abcdef");
const someIds = fc.array(id, { maxLength: 4 });
const step = fc.record({
  who: fc.nat(3),
  add: someIds,
  remove: someIds,
  denied: someIds,
  ends: fc.boolean(),
});

const everybody = () => true;
const numbered = (count: number, prefix = "user") =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at}`);

/** Runs changes of lists, and returns the lists with their expected values. */
function live(steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]) {
  const connections = [0, 1, 2, 3].map((number) => ({ id: `connection-${number}` }));
  const lists = new WatchLists<{ id: string }>();
  const saved = new Map<string, WatchList>();
  const truth = connections.map(() => new Map<string, boolean>());
  for (const { who, add, remove, denied, ends } of steps) {
    const connection = connections[who]!;
    if (ends) {
      lists.delete(connection);
      truth[who]!.clear();
    } else {
      const allowed = (id: string) => !denied.includes(id);
      lists.change(connection, { add, remove, allowed });
      for (const id of remove) truth[who]!.delete(id);
      for (const id of add) truth[who]!.set(id, allowed(id));
    }
    lists.passChanges((changed) => {
      for (const [id, list] of changed) {
        if (list === null) saved.delete(id);
        else saved.set(id, list);
      }
    });
  }
  return { connections, lists, saved, truth };
}

describe("watch lists", () => {
  it("[S5.1, S6.1] who is watched by whom, and may be, is right after any changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const { connections, lists, saved, truth } = live(steps);
        for (const [at, connection] of connections.entries()) {
          const { watched, denied } = lists.of(connection);
          const may = [...truth[at]!].filter(([, isAllowed]) => isAllowed).map(([id]) => id);
          expect([...watched].toSorted()).toEqual([...truth[at]!.keys()].toSorted());
          expect([...watched].filter((id) => !denied.has(id)).toSorted()).toEqual(may.toSorted());
          for (const id of "abcdef") {
            expect([...lists.watchersOf(id)].includes(connection)).toBe(may.includes(id));
          }
          expect(saved.get(connection.id)?.watched ?? new Set()).toEqual(new Set(watched));
        }
        expect(lists.isEmpty).toBe(truth.every(({ size }) => size === 0));
      }),
    );
  });

  it("[S5.5] 500 are not too many, one more is, and changes nothing", () => {
    const lists = new WatchLists<{ id: string }>();
    const connection = { id: "one" };
    const add = numbered(MAX_WATCHED);
    const change = (add: string[], remove: string[] = []) =>
      lists.change(connection, { add, remove, allowed: everybody });
    expect(change([...add, ...add])).toBe("changed");
    const before = lists.of(connection);
    expect(change(["one more"])).toBe("too_many_watched");
    expect(change(["one more"], [])).toBe("too_many_watched");
    expect(lists.of(connection)).toBe(before);
    expect(change(["one more"], ["user-0"])).toBe("changed");
  });

  it("[S5.5] all of a room together may watch no more than it can hold, however they share that", () => {
    const lists = new WatchLists<{ id: string }>();
    const fill = (idOf: (connection: number) => string[]) => {
      for (let connection = 0; ; connection++) {
        const add = idOf(connection);
        const change = { add, remove: [], allowed: everybody };
        if (lists.change({ id: String(connection) }, change) === "too_many_watched") {
          return connection * MAX_WATCHED;
        }
      }
    };
    const long = (connection: number) => numbered(MAX_WATCHED, `${"x".repeat(100)}${connection}`);
    expect(fill(long)).toBeLessThan(50_000);
    const shared = numbered(MAX_WATCHED);
    expect(fill(() => shared)).toBeLessThanOrEqual(500_000);
  });

  it.each<[string, (id: string) => boolean]>([
    ["may be watched", everybody],
    ["may not be watched", () => false],
  ])(
    "[S5.5] that limit holds where ids that %s take the places of shorter ones",
    (_how, allowed) => {
      const lists = new WatchLists<{ id: string }>();
      const connections = Array.from({ length: 1_000 }, (_, at) => ({ id: String(at) }));
      const short = numbered(MAX_WATCHED, "");
      let length = 0;
      for (const connection of connections) {
        expect(lists.change(connection, { add: short, remove: [], allowed })).toBe("changed");
        const add = numbered(MAX_WATCHED, `${connection.id}${"x".repeat(115)}`);
        // As many as a frame holds.
        for (let at = 0; at < MAX_WATCHED; at += 100) {
          const swap = { remove: short.slice(at, at + 100), add: add.slice(at, at + 100), allowed };
          lists.change(connection, swap);
        }
        for (const id of lists.of(connection).watched) length += id.length;
      }
      const shared = connections.length * short.join("").length;
      expect(length).toBeLessThanOrEqual(4_000_000 + shared);
      // A change that makes the list smaller is not refused.
      const [first] = connections;
      const remove = [...lists.of(first!).watched];
      expect(lists.change(first!, { remove, add: short, allowed })).toBe("changed");
    },
  );

  it("[S5.4] a change that changes nothing is not stored", () => {
    const lists = new WatchLists<{ id: string }>();
    const connection = { id: "one" };
    const change = (add: string[], remove: string[], allowed = everybody) => {
      lists.change(connection, { add, remove, allowed });
      const { isChanged } = lists;
      lists.passChanges(() => {});
      return isChanged;
    };
    expect(change([], ["ada"])).toBe(false);
    expect(change(["ada"], [])).toBe(true);
    expect(change(["ada"], ["ada", "bob"])).toBe(false);
    expect(change(["ada"], [], () => false)).toBe(true);
    expect(change(["ada"], [], () => false)).toBe(false);
    expect(change([], ["ada"])).toBe(true);
  });

  it("[S5.4] they are stored a row each, and read by who is left", async () => {
    await runInDurableObject(env.ROOMS.getByName("watch-table"), (_room, { storage }) => {
      const table = new WatchTable(storage, "watch-table");
      const load = (from: WatchTable, isLeft: (id: string) => boolean) => {
        const lists: [string, WatchList][] = [];
        from.load(isLeft, (id, list) => lists.push([id, list]));
        return lists;
      };
      expect(load(table, everybody)).toEqual([]);
      expect(table.exists).toBe(false);
      const ended = numbered(250, "ended");
      const list = { watched: new Set(["ada", "語"]), denied: new Set(["語"]) };
      table.write(new Map(["one", "two", ...ended].map((id) => [id, list])));
      const rows = () => storage.sql.exec("SELECT connection FROM watched").toArray().length;
      expect(rows()).toBe(252);
      table.write(new Map([["two", null]]));
      expect(rows()).toBe(251);
      const again = new WatchTable(storage, "watch-table");
      expect(load(again, (id) => id === "one")).toEqual([["one", list]]);
      expect(rows()).toBe(1);
    });
  });

  it("[L6.5] a stored list that cannot be read is as if it had never been set", async () => {
    await runInDurableObject(env.ROOMS.getByName("watch-table-bad"), (_room, { storage }) => {
      const table = new WatchTable(storage, "watch-table-bad");
      table.write(new Map([["one", { watched: new Set(["ada"]), denied: new Set() }]]));
      storage.sql.exec("UPDATE watched SET ids = '{'");
      const sizes: number[] = [];
      const again = new WatchTable(storage, "watch-table-bad");
      again.load(everybody, (_id, list) => sizes.push(list.watched.size));
      expect(sizes).toEqual([0]);
    });
  });
});
