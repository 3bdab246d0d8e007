import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { applySnapshot } from "../../../src/client/replica.ts";
import { LIMITS, Model } from "./model.ts";
import { begin, PLAIN, setting, withStorage, type Setting } from "./model-storage.ts";
import { step, USERS, type Step } from "./model-steps.ts";
import { ModelWindows } from "./model-windows.ts";
import { runs } from "../../property-cases.ts";

/** Longer than a room of this size gathers changes. */
const QUIET_MS = 100;
const HIDER = 0;

/** Lets time pass, and runs what is due. */
const nothing: Step = { do: "pass", ms: 0 };

const isHider = (user: string) => user === USERS[HIDER];
const isOther = (user: string) => user !== USERS[HIDER];

/** Who takes a step: others, or the hidden member, of whom nothing must be visible. */
type Turn = { by: "others" | "hider"; step: Step };

const stepOf = (isWanted: (user: number) => boolean) =>
  step.filter((each) => !("user" in each) || isWanted(each.user));
const othersStep = stepOf((user) => user !== HIDER);
const hidersStep = stepOf((user) => user === HIDER)
  .filter(({ do: what }) => what !== "restart" && what !== "pass")
  // Choosing any other status would show them again.
  .map((each): Step => (each.do === "update" ? { ...each, status: "offline" } : each));

const turn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ by: fc.constant("others" as const), step: othersStep }) },
  { weight: 2, arbitrary: fc.record({ by: fc.constant("hider" as const), step: hidersStep }) },
);

/** A room's history before and after a member hides, or leaves. */
interface History {
  before: Step[];
  tabs: number;
  after: Turn[];
  maxRemembered: number;
}

const history: fc.Arbitrary<History> = fc.record({
  before: fc.array(step, { maxLength: 12, size: "max" }),
  tabs: fc.integer({ min: 1, max: 3 }),
  after: fc.array(turn, { minLength: 1, maxLength: 25, size: "max" }),
  maxRemembered: fc.constantFrom(0, 1, 2, 1_000),
});

/** A hidden member's place ends at the moment at which another member changes. */
const graceEndsWithAChange: History = {
  before: [],
  tabs: 1,
  after: [
    { by: "hider", step: { do: "lose", which: 0 } },
    { by: "others", step: { do: "join", user: 1, resume: false, hasNewName: false } },
    { by: "others", step: { do: "pass", ms: 8_000 } },
    { by: "others", step: { do: "update", which: 0, data: { n: 0 } } },
  ],
  maxRemembered: 0,
};

/** Runs a history, and returns what the others received and could read, and when. */
async function live(
  storage: DurableObjectStorage,
  setting: Setting,
  history: History,
  how: "hides" | "leaves",
): Promise<string[]> {
  begin(setting);
  const limits = { ...LIMITS, maxConnectionsPerRoom: 1_000, maxConnectionsPerUser: 10 };
  const model = new Model(storage, { ...limits, maxRemembered: history.maxRemembered });
  const windows = new ModelWindows(model);
  const reads: string[] = [];
  const take = async (step: Step, isMeant?: (user: string) => boolean) => {
    model.turn((now) => openWindows(windows, now));
    await model.take(step, Date.now(), isMeant);
    vi.advanceTimersByTime(QUIET_MS);
    for (const reader of model.readers) reads.push(JSON.stringify(await model.get(reader)));
    const whole = (await model.get()) as Snapshot;
    reads.push(JSON.stringify(whole));
    model.readers = [...model.readers.slice(-2), applySnapshot(null, whole)];
  };

  for (const step of history.before) await take(step);
  const newTab: Step = { do: "join", user: HIDER, resume: false, hasNewName: false };
  for (let tab = 0; tab < history.tabs; tab++) await take(newTab);

  const hider = USERS[HIDER]!;
  model.roster.advance(Date.now());
  if (how === "hides") {
    model.roster.update(Date.now(), hider, { status: "offline" });
  } else {
    for (const client of model.live)
      if (isHider(client.user)) model.cut(client, "leave", Date.now());
    model.roster.endAll(Date.now(), hider);
  }
  await take(nothing);

  for (const { by, step } of history.after) {
    model.roster.advance(Date.now());
    const isHidden = model.roster.find(hider)?.chosen === "offline";
    if (by === "others") await take(step, isOther);
    // A forgotten member has no choice any more, and would be visible.
    else await take(how === "hides" && isHidden ? step : nothing, isHider);
  }
  const told = model.connected.filter(({ user }) => isOther(user)).flatMap(({ frames }) => frames);
  return nameEpochs([...told.map(({ at, text }) => `${at} ${text}`), ...reads]);
}

/** Adds observers of every kind, if there are none yet. */
function openWindows(windows: ModelWindows, now: number): void {
  if (windows.all.some(({ connection }) => connection !== null)) return;
  const how = { user: 1, isMember: false, isLater: false, resume: false };
  for (const limit of [0, 1, 3]) {
    windows.open({ ...how, limit }, now);
    const client = windows.open({ ...how, limit }, now);
    if (client) windows.watch(client, { add: [...USERS, "nobody"], remove: [], denied: [] });
  }
}

/** Gives each epoch a name by the order in which they appear. */
function nameEpochs(texts: readonly string[]): string[] {
  const names = new Map<string, string>();
  return texts.map((text) =>
    text.replace(/"epoch":"([^"]+)"/, (_, epoch: string) => {
      if (!names.has(epoch)) names.set(epoch, `epoch ${names.size}`);
      return `"epoch":"${names.get(epoch)}"`;
    }),
  );
}

describe("hiding", () => {
  const timeout = 600_000;
  it(
    "[M3.3, S8] nothing that others are told or can read tells who hides from who left, nor when",
    { timeout },
    () =>
      withStorage((storage) =>
        fc.assert(
          fc.asyncProperty(setting, history, async (...world) => {
            const hidden = await live(storage, ...world, "hides");
            expect(hidden).toEqual(await live(storage, ...world, "leaves"));
          }),
          { numRuns: runs(50), examples: [[PLAIN, graceEndsWithAChange]] },
        ),
      ),
  );
});
