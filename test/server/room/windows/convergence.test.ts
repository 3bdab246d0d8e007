import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LIMITS, Model } from "../model.ts";
import { begin, PLAIN, setting, withStorage, type Setting } from "../model-storage.ts";
import { step } from "../model-steps.ts";
import { LONGEST_TELLING_MS, ModelWindows, windowStep } from "../model-windows.ts";
import { runs } from "../../../property-cases.ts";

const anyStep = fc.oneof(
  { weight: 1, arbitrary: fc.record({ of: fc.constant("room" as const), step }) },
  { weight: 1, arbitrary: fc.record({ of: fc.constant("window" as const), step: windowStep }) },
);
type AnyStep = typeof anyStep extends fc.Arbitrary<infer Step> ? Step : never;

/** Counts are sent when a lease ends, right before the room could hibernate; then they change again. */
const COUNTS_BEFORE_SLEEP: AnyStep[] = [
  { of: "room", step: { do: "lease", user: 1 } },
  {
    of: "window",
    step: { do: "open", user: 0, limit: 0, isMember: true, isLater: false, resume: false },
  },
  // After this, and before the sleep, all that is to be sent is waited for.
  { of: "room", step: { do: "pass", ms: LIMITS.staleMs - 2 * LONGEST_TELLING_MS } },
  { of: "window", step: { do: "sleep" } },
  { of: "window", step: { do: "watch", which: 0, add: ["nobody"], remove: [], denied: [] } },
  { of: "room", step: { do: "join", user: 2, resume: false, hasNewName: false } },
];
const maxRemembered = fc.constantFrom(0, 1, 2, 1_000);

/** 3,000 histories a run. Faults are easiest to read in short ones; some need long ones. */
const HISTORIES = [
  { size: "small", numRuns: 2_250 },
  { size: "max", numRuns: 750 },
] as const;

/**
 * Takes a history, and checks what every window shows whenever the room is at rest. Returns the
 * tables that are left once everybody has been forgotten.
 */
async function takeAll(
  storage: DurableObjectStorage,
  setting: Setting,
  steps: readonly AnyStep[],
  maxRemembered: number,
): Promise<unknown[]> {
  begin(setting);
  const limits = { ...LIMITS, maxConnectionsPerRoom: 40, maxConnectionsPerUser: 20 };
  const model = new Model(storage, { ...limits, maxRemembered });
  const windows = new ModelWindows(model);
  for (const each of steps) {
    if (each.of === "room") await model.take(each.step, Date.now());
    else await windows.take(each.step);
    if (each.of === "room" && each.step.do === "restart") {
      for (const client of windows.all) client.watched.clear();
    }
    if (each.of === "room" && each.step.do === "pass" && each.step.ms >= 30_000) {
      await windows.check();
    }
  }
  await windows.check();
  await model.check();
  model.turn((now) => {
    for (const client of model.connected) {
      if (client.connection) model.cut(client, "lose", now);
    }
  }, true);
  const longest = LIMITS.staleMs + LIMITS.graceMs + LIMITS.retentionMs;
  vi.advanceTimersByTime(longest + LONGEST_TELLING_MS);
  const tables = "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'";
  return [...storage.sql.exec(tables)];
}

describe("windows", () => {
  it("[S4.1, S4.2, S4.3, S4.4, S5.3, S6.2, S2.1, V5] show what is true at rest, in every order of changes, watch lists, sleeps and restarts", () =>
    withStorage(async (storage) => {
      for (const { size, numRuns } of HISTORIES) {
        const steps = fc.array(anyStep, { minLength: 1, maxLength: 40, size });
        const history = fc.asyncProperty(setting, steps, maxRemembered, async (...taken) => {
          // Nothing is kept of those who have been forgotten (SPEC L5, S5.4).
          expect(await takeAll(storage, ...taken)).toEqual([]);
        });
        const examples: [Setting, AnyStep[], number][] = [[PLAIN, COUNTS_BEFORE_SLEEP, 1_000]];
        await fc.assert(history, { numRuns: runs(numRuns), examples });
      }
    }));
});
