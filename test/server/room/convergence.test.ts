import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LIMITS, LONGEST_GATHERING_MS, Model } from "./model.ts";
import { begin, setting, withStorage } from "./model-storage.ts";
import { step } from "./model-steps.ts";
import { runs } from "../../property-cases.ts";

const maxRemembered = fc.constantFrom(0, 1, 2, 1_000);

describe("convergence", () => {
  const timeout = 600_000;
  it(
    "[V5, V3, V4.1, L5.1] client = roster = GET in every order of joins, leaves, leases, updates, losses, forgets, resumes and restarts",
    { timeout },
    () =>
      withStorage((storage) =>
        fc.assert(
          fc.asyncProperty(
            setting,
            fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
            maxRemembered,
            async (setting, steps, maxRemembered) => {
              begin(setting);
              const model = new Model(storage, { ...LIMITS, maxRemembered });
              for (const each of steps) {
                await model.take(each, Date.now());
                if (each.do === "pass" && each.ms >= LONGEST_GATHERING_MS) await model.check();
              }
              await model.check();
              // After everybody has been forgotten, nothing is kept (SPEC L5).
              model.turn((now) => {
                for (const client of model.live) model.cut(client, "lose", now);
              }, true);
              const longest = LIMITS.staleMs + LIMITS.graceMs + LIMITS.retentionMs;
              vi.advanceTimersByTime(longest);
              expect(tablesOf(storage)).toEqual([]);
            },
          ),
          { numRuns: runs(250) },
        ),
      ),
  );
});

function tablesOf({ sql }: DurableObjectStorage): unknown[] {
  return [
    ...sql.exec(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    ),
  ];
}
