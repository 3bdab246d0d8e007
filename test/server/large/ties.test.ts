import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { Data, Member, Status } from "../../../src/protocol/messages.ts";
import { choiceTime } from "../../../src/server/large/choice-time.ts";
import { pass } from "../../worker-kit/fake-clock.ts";
import { begin, setting, withStorage } from "../room/model-storage.ts";
import { GENERATIONS, LargeModel } from "./model.ts";
import { WindowClient } from "./model-shard.ts";
import type { Fate } from "./network.ts";
import { runs } from "../../property-cases.ts";

const STATUSES: (Status | null)[] = ["online", "away", "busy", "offline", null];
const FATES: Fate[] = ["lost", "answer lost", "late", "twice", "arrives"];

/** Longer than a call may be late, and the repair after it. */
const REPAIRED_MS = 13_000;

/** A choice in one of the user's two tabs, and what passes after it: nothing, for a tie. */
const choice = fc.record({
  tab: fc.nat(1),
  update: fc.record(
    { status: fc.constantFrom(...STATUSES), data: fc.option(fc.record({ n: fc.nat(2) })) },
    { requiredKeys: ["status"] },
  ),
  ms: fc.constantFrom(0, 0, 0, 1, 2, 260, 6_000),
});
const fates = fc.array(fc.record({ fate: fc.constantFrom(...FATES), ms: fc.nat(400) }), {
  maxLength: 6,
});

interface Shown {
  chosen: Status | null;
  data: Data | null;
}

/** Opens a tab of a user in a shard of each number. */
async function inBoth(model: LargeModel): Promise<WindowClient[]> {
  const tabs = GENERATIONS.map(() => new WindowClient("ada", 5, true));
  for (const [index, tab] of tabs.entries()) {
    if (index > 0) model.resize();
    void model.join(tab);
    await pass(5_000);
  }
  return tabs;
}

/** What each of the shards that tabs are in has of their user. */
function chosenIn(model: LargeModel, tabs: readonly WindowClient[]): Shown[] {
  return tabs.map((tab) => {
    const { chosen, data } = model.holderOf(tab).room.roster.find("ada")!;
    return { chosen, data };
  });
}

it("[N6.1] of choices that two tabs make in two shards, in the same millisecond too, every part of the room ends with the same one", () =>
  withStorage((storage) =>
    fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(choice, { minLength: 1, maxLength: 8, size: "max" }),
        fates,
        async (setting, choices, disturbed) => {
          begin(setting);
          const log = vi.spyOn(console, "log").mockImplementation(() => {});
          // All else is microtasks: the runner must hear of this test in between.
          await vi.advanceTimersByTimeAsync(0);
          try {
            const model = new LargeModel(storage);
            const tabs = await inBoth(model);
            let at = 0;
            model.network.next = () => disturbed[at++] ?? { fate: "arrives", ms: 1 };
            for (const { tab, update, ms } of choices) {
              model.update(tabs[tab]!, update);
              if (ms > 0) await pass(ms);
            }
            model.network.heal();
            await pass(REPAIRED_MS);
            expect(await model.checkSoon()).toBe(true);
            const [first, second] = chosenIn(model, tabs);
            expect(second).toEqual(first);
            // Who has been hidden for so long is not on the list.
            const listed = model.hub.list.member("ada") ?? "{}";
            const { data = null } = JSON.parse(listed) as Partial<Member>;
            expect(data).toEqual(first!.data);
          } finally {
            log.mockRestore();
          }
        },
      ),
      { numRuns: runs(60) },
    ),
  ));

it("[N6.1] the last choice counts, though another shard's clock is ahead", () =>
  withStorage(async (storage) => {
    const model = new LargeModel(storage);
    const tabs = await inBoth(model);
    const { calls, room } = model.holderOf(tabs[0]!);
    const choseAt = choiceTime(Date.now() + 60_000, GENERATIONS[1], 0);
    // The hub passes on what a shard whose clock is a minute ahead has reported.
    await calls.tell({
      from: "a hub",
      after: 5,
      number: 6,
      state: room.roster.list.state,
      set: [],
      gone: [],
      watching: 0,
      included: { from: "", number: 0 },
      generations: [...GENERATIONS],
      choices: [{ user: "ada", choseAt, chosen: "busy", data: null }],
    });
    expect(room.roster.chosenBy("ada")).toBe("busy");
    model.update(tabs[0]!, { status: "away" });
    await model.check();
    expect(chosenIn(model, tabs).map(({ chosen }) => chosen)).toEqual(["away", "away"]);
    vi.clearAllTimers();
  }));

it("[N6.1, L6.1] a choice counts that its shard had not reported yet when it crashed", () =>
  withStorage(async (storage) => {
    const model = new LargeModel(storage);
    const [older, newer] = await inBoth(model);
    model.update(newer!, { status: "away" });
    await pass(5_000);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    model.network.next = () => ({ fate: "lost", ms: 1 });
    model.update(older!, { status: "busy", data: { n: 1 } });
    model.crash(model.holderOf(older!));
    await model.check();
    log.mockRestore();
    expect(model.holderOf(newer!).room.roster.chosenBy("ada")).toBe("busy");
    vi.clearAllTimers();
  }));

it("[N6.1] no two choices of a user have the same time", () => {
  const numbers = fc.integer({ min: 2, max: 64 });
  const times = fc.integer({ min: 0, max: 8.64e15 / 1_000 });
  fc.assert(
    fc.property(times, numbers, numbers, times, (now, one, other, latest) => {
      const mine = choiceTime(now, one, latest);
      expect(mine).toBeGreaterThan(latest);
      expect(choiceTime(now, one, mine)).toBeGreaterThan(mine);
      if (one !== other) expect(choiceTime(now, other, latest)).not.toBe(mine);
      expect(choiceTime(now, other, mine)).toBeGreaterThan(mine);
    }),
  );
});
