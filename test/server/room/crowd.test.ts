import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { LIMITS, Model } from "./model.ts";
import { begin, setting, withStorage } from "./model-storage.ts";
import { step } from "./model-steps.ts";
import { runs } from "../../property-cases.ts";

/** In a room of this size changes are gathered for longer than first states. */
const SIZE = 150;
const limits = { ...LIMITS, maxConnectionsPerUser: 1_000, maxConnectionsPerRoom: 1_000 };
const timeout = 600_000;

const joinOf = (user: number) => ({ do: "join", user, resume: false, hasNewName: false }) as const;

/** A quiet room of four users with many tabs. */
function openModel(storage: DurableObjectStorage): Model {
  const model = new Model(storage, limits);
  model.turn((now) => {
    for (let tab = 0; tab < SIZE; tab++) model.join(joinOf(tab % 4), now);
  });
  vi.advanceTimersByTime(2_000);
  return model;
}

it(
  "[V2.3] joiners of a crowd get their first state within 50 ms, and the others few deltas",
  { timeout },
  () =>
    withStorage(async (storage) => {
      const model = openModel(storage);
      const [first] = model.clients;
      const framesBefore = first!.frames.length;
      for (let tab = 0; tab < 60; tab++) {
        model.turn((now) => model.join(joinOf(tab % 4), now));
        const joinedAt = Date.now();
        vi.advanceTimersByTime(10);
        for (const { frames } of model.clients.slice(SIZE, -5)) {
          expect(frames.length).toBeGreaterThan(0);
        }
        expect(Date.now() - joinedAt).toBe(10);
      }
      // The first at once, two more in 600 ms.
      expect(first!.frames.length - framesBefore).toBeLessThanOrEqual(4);
      vi.advanceTimersByTime(35);
      expect(first!.roll?.connections).toBe(SIZE + 60);
      await model.check();
      vi.clearAllTimers();
    }),
);

const moment = fc.record({
  step: step.filter(({ do: what }) => what !== "pass" && what !== "restart"),
  waitMs: fc.constantFrom(0, 0, 1, 5, 20, 30, 60, 120),
});

it(
  "[V2.3, W5] whatever happens while a crowd comes, each delta fits what its receiver holds",
  { timeout },
  () =>
    withStorage((storage) =>
      fc.assert(
        fc.asyncProperty(
          setting,
          fc.array(moment, { minLength: 5, maxLength: 40, size: "max" }),
          async (setting, moments) => {
            begin(setting);
            const model = openModel(storage);
            for (const { step, waitMs } of moments) {
              await model.take(step, Date.now());
              vi.advanceTimersByTime(waitMs);
            }
            await model.check();
            for (const { misfits } of model.clients) expect(misfits).toEqual([]);
          },
        ),
        { numRuns: runs(15) },
      ),
    ),
);
