import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Member, Status } from "../../../src/protocol/messages.ts";
import { MergedList } from "../../../src/server/large/merged-list.ts";
import type { Part } from "../../../src/server/large/merge.ts";
import { NOBODY } from "../../../src/server/room/members/list.ts";
import { runs } from "../../property-cases.ts";

const USERS = ["ada", "bob", "cleo"];
const SHARDS = ["2/0", "2/1", "3/0"];

const user = fc.constantFrom(...USERS);
const shard = fc.constantFrom(...SHARDS);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      user,
      shard,
      connections: fc.nat(3),
      choseAt: fc.nat(2),
      chosen: fc.constantFrom<Status | null>("online", "busy", "offline", null),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), user, shard }) },
);
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

/** What a shard reports of a user. */
function partOf({ user, shard, connections, choseAt, chosen }: Extract<Step, { do: "set" }>): Part {
  const shown = chosen === "offline" ? 0 : connections;
  const member: Member = {
    id: user,
    name: user,
    status: shown === 0 ? "offline" : (chosen ?? "online"),
    connections: shown,
    lastOnline: shown === 0 ? "2026-01-01T00:00:00.000Z" : null,
  };
  return { shard, json: JSON.stringify(member), connections: shown, choseAt, chosen };
}

describe("the merged list", () => {
  it("[V1, L5.5, N3.1] moves by what others see and by nothing else, and begins anew after nobody", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const list = new MergedList();
        const epochs = new Set<string>();
        for (const each of steps) {
          const { user } = each;
          const [before, entry] = [list.state, list.entry(user)];
          const isNews =
            each.do === "set" ? list.set(user, partOf(each)) : list.delete(user, each.shard);
          expect(isNews).toBe(list.member(user) !== entry?.json);
          const moved = (list.entry(user)?.connections ?? 0) - (entry?.connections ?? 0);
          const by = Math.max(1, Math.abs(moved));
          const { epoch, version } = list.state;
          if (!isNews) expect(list.state).toEqual(before);
          else if (list.size === 0) expect(list.state).toEqual(NOBODY);
          else if (before.epoch === NOBODY.epoch)
            expect([epochs.has(epoch), version]).toEqual([false, by]);
          else expect([epoch, version]).toEqual([before.epoch, before.version + by]);
          epochs.add(epoch);
          expect(list.changedSince(list.state)).toEqual([]);
          if (isNews) expect(list.changedSince(before)).toBeNull();
          const all = list.members().map((text) => JSON.parse(text) as Member);
          expect(all.map(({ id }) => id)).toEqual([...list.ids()].toSorted());
          expect(list.online).toBe(all.filter(({ connections }) => connections > 0).length);
          expect(list.connections).toBe(all.reduce((sum, { connections }) => sum + connections, 0));
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it("[N6.1] knows what each shard reports of whom", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
        const list = new MergedList();
        const truth = new Map<string, Part>();
        for (const each of steps) {
          const key = `${each.shard} ${each.user}`;
          if (each.do === "delete") {
            list.delete(each.user, each.shard);
            truth.delete(key);
          } else {
            list.set(each.user, partOf(each));
            truth.set(key, partOf(each));
          }
          for (const shard of SHARDS) {
            const from = [...list.partsFrom(shard)].map(([id, part]) => [id, part.json]);
            const wanted = USERS.filter((id) => truth.has(`${shard} ${id}`));
            expect(from.toSorted()).toEqual(
              wanted.map((id) => [id, truth.get(`${shard} ${id}`)!.json]),
            );
          }
          for (const id of USERS) {
            const wanted = SHARDS.filter((shard) => truth.has(`${shard} ${id}`));
            expect(
              list
                .partsOf(id)
                .map(({ shard }) => shard)
                .toSorted(),
            ).toEqual(wanted);
          }
        }
      }),
    );
  });
});
