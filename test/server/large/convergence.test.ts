import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Status } from "../../../src/protocol/messages.ts";
import { pass } from "../../worker-kit/fake-clock.ts";
import { USERS } from "../room/model-steps.ts";
import { begin, PLAIN, setting, withStorage } from "../room/model-storage.ts";
import { LargeModel } from "./model.ts";
import { WindowClient } from "./model-shard.ts";
import type { Fate } from "./network.ts";
import { runs } from "../../property-cases.ts";

const which = fc.nat(20);
const users = fc.nat(USERS.length - 1);
const statuses: (Status | null)[] = ["online", "away", "busy", "offline", null];
const FATES: Fate[] = ["lost", "answer lost", "late", "twice", "arrives"];
/** After so long, faults may have been repaired in the middle of a history. */
const LONG_MS = 12_000;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      user: users,
      limit: fc.nat(5),
      isMember: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("leave" as const, "lose" as const), which }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("idle" as const), which, idle: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("update" as const),
      which,
      status: fc.constantFrom(...statuses),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("watch" as const),
      which,
      add: fc.subarray([...USERS, "nobody"]),
      remove: fc.subarray(USERS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("crash" as const, "sleep" as const, "mute" as const),
      which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("crash hub" as const, "crash all" as const, "resize" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("disturb" as const),
      fates: fc.array(fc.record({ fate: fc.constantFrom(...FATES), ms: fc.nat(400) }), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 100, 300, 2_000, 12_000, 60_000),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

/**
 * A shard whose last watcher leaves is no longer told what happens. When two come back to it, the list
 * that it was told before must not count, nor the numbers of shards.
 */
const NO_LONGER_TOLD: Step[] = [
  { do: "resize" },
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "resize" },
  { do: "pass", ms: 12_000 },
  { do: "leave", which: 0 },
  { do: "join", user: 0, limit: 0, isMember: true },
  { do: "pass", ms: 12_000 },
  { do: "join", user: 0, limit: 1, isMember: false },
  { do: "crash", which: 0 },
  { do: "resize" },
];

/** The report is lost that nobody is connected, and somebody is again before the next. */
const NOT_KNOWN_TO_HAVE_LEFT: Step[] = [
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "watch", which: 0, add: ["nobody"], remove: [] },
  { do: "pass", ms: 60_000 },
  { do: "disturb", fates: [{ fate: "lost", ms: 0 }] },
  { do: "lose", which: 0 },
  { do: "watch", which: 0, add: [], remove: [] },
];

/** A choice is made while a shard that is told nothing keeps a place of the same user. */
const CHOICE_IN_GRACE: Step[] = [
  { do: "join", user: 2, limit: 0, isMember: true },
  { do: "resize" },
  { do: "join", user: 2, limit: 0, isMember: true },
  { do: "join", user: 2, limit: 0, isMember: false },
  { do: "pass", ms: 12_000 },
  { do: "crash", which: 0 },
  { do: "leave", which: 0 },
  { do: "update", which: 0, status: "online" },
  { do: "crash", which: 0 },
];

/** The same, and the choice is to be hidden. */
const HIDDEN_IN_GRACE: Step[] = [
  { do: "join", user: 3, limit: 0, isMember: true },
  { do: "crash", which: 1 },
  { do: "pass", ms: 12_000 },
  { do: "join", user: 3, limit: 0, isMember: true },
  { do: "resize" },
  { do: "return" },
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "pass", ms: 12_000 },
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "update", which: 2, status: "offline" },
  { do: "lose", which: 0 },
  { do: "crash", which: 0 },
];

export /** What comes late from a shard that is cut off afterwards is not waited for, and not heard. */
const LATE_ANSWER: Step[] = [
  { do: "join", user: 0, limit: 0, isMember: true },
  {
    do: "disturb",
    fates: [
      { fate: "arrives", ms: 0 },
      { fate: "arrives", ms: 0 },
      { fate: "late", ms: 0 },
    ],
  },
  { do: "pass", ms: 12_000 },
  { do: "join", user: 3, limit: 1, isMember: false },
  { do: "mute", which: 0 },
  { do: "pass", ms: 60_000 },
  { do: "leave", which: 0 },
];

/** Somebody comes back at the moment at which a shard that was cut off is heard again. */
const HEARD_AGAIN: Step[] = [
  { do: "join", user: 1, limit: 0, isMember: true },
  { do: "resize" },
  { do: "join", user: 0, limit: 2, isMember: false },
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "pass", ms: 60_000 },
  { do: "lose", which: 1 },
  { do: "mute", which: 0 },
  { do: "pass", ms: 60_000 },
  { do: "crash", which: 0 },
  { do: "pass", ms: 1 },
];

/** All that a shard reports is that it has nobody to show: the hub has nothing to send. */
const NOTHING_TO_REPORT: Step[] = [
  { do: "pass", ms: 300 },
  { do: "join", user: 0, limit: 0, isMember: true },
  { do: "pass", ms: 100 },
  { do: "update", which: 0, status: "offline" },
  { do: "pass", ms: 60_000 },
  { do: "join", user: 0, limit: 0, isMember: false },
  { do: "mute", which: 0 },
  { do: "crash all" },
  { do: "join", user: 0, limit: 0, isMember: true },
];

async function take(model: LargeModel, each: Step): Promise<void> {
  const { clients, shards } = model;
  const client = "which" in each ? clients[each.which % Math.max(1, clients.length)] : undefined;
  const shard = "which" in each ? shards[each.which % shards.length]! : shards[0]!;
  switch (each.do) {
    case "join":
      return void model.join(new WindowClient(USERS[each.user]!, each.limit, each.isMember));
    case "return":
      for (const back of model.away.splice(0)) void model.join(back);
      return;
    case "leave":
    case "lose":
      if (!client) return;
      model.holderOf(client).cut(client, each.do);
      if (each.do === "lose") model.away.push(client);
      return;
    case "idle": {
      if (!client) return;
      const holder = model.holderOf(client);
      return holder.turn((now) => holder.room.roster.idle(now, client.connection!.ref, each.idle));
    }
    case "update":
      if (client?.isMember) model.update(client, each);
      return;
    case "watch":
      if (client) model.watch(client, each.add, each.remove);
      return;
    case "crash":
      return model.crash(shard);
    case "sleep":
      return shard.sleep();
    case "mute":
      return model.network.mute(shard.name, 60_000);
    case "crash hub":
      return model.startHub();
    case "resize":
      return model.resize();
    case "crash all":
      for (const every of shards) model.crash(every);
      return model.startHub();
    case "disturb": {
      let at = 0;
      model.network.next = () => each.fates[at++] ?? { fate: "arrives", ms: 1 };
      return;
    }
    case "pass":
      await pass(each.ms);
      if (each.ms >= LONG_MS && model.isSound) await model.checkSoon();
      return;
    default:
      each satisfies never;
  }
}

describe("a large room", () => {
  it("[V5, N3, N4.1, N4.2, N4.3, N4.4] shows nobody as gone who is not, and everybody the same 5 s after any calls that were lost, late, repeated or not answered, and any part that started again", () =>
    withStorage((storage) =>
      fc.assert(
        fc.asyncProperty(
          setting,
          fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
          async (setting, steps) => {
            begin(setting);
            const log = vi.spyOn(console, "log").mockImplementation(() => {});
            // All else is microtasks: the runner must hear of this test in between.
            await vi.advanceTimersByTimeAsync(0);
            try {
              const model = new LargeModel(storage);
              for (const each of steps) await take(model, each);
              await model.check();
              expect(model.away).toEqual([]);
            } finally {
              log.mockRestore();
            }
          },
        ),
        {
          numRuns: runs(2_000),
          examples: [
            [PLAIN, NO_LONGER_TOLD],
            [PLAIN, NOT_KNOWN_TO_HAVE_LEFT],
            [PLAIN, CHOICE_IN_GRACE],
            [PLAIN, HIDDEN_IN_GRACE],

            [PLAIN, LATE_ANSWER],
            [PLAIN, HEARD_AGAIN],
            [PLAIN, NOTHING_TO_REPORT],
          ],
        },
      ),
    ));
});
