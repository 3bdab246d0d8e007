import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { vi } from "vitest";

const START = Date.UTC(2026, 0, 1);

/** Runs a test with a room's real storage and a fake clock. */
export async function withStorage(
  test: (storage: DurableObjectStorage) => Promise<void>,
): Promise<void> {
  await runInDurableObject(env.ROOMS.getByName("model"), async (_room, { storage }) => {
    vi.useFakeTimers({ now: START });
    try {
      await test(storage);
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });
}

/** What a history of a room meets that it does not do itself. */
export interface Setting {
  /** How far into a minute it begins: the ends of leases move in steps (SPEC P1.5). */
  ms: number;
  /** Each random number; when a proof of reading is asked for depends on them (SPEC W14). */
  random: number;
}

/**
 * A part of each case of a property, so that it can be repeated: with the real time and with real random
 * numbers the same history would have another outcome in another run.
 */
export const setting: fc.Arbitrary<Setting> = fc.record({
  ms: fc.nat(59_999),
  random: fc.constantFrom(0, 0.5, 0.99999),
});

export const PLAIN: Setting = { ms: 0, random: 0 };

/** Begins a history; timers of an earlier one must not touch its storage. */
export function begin({ ms, random }: Setting): void {
  vi.clearAllTimers();
  vi.setSystemTime(START + ms);
  vi.spyOn(Math, "random").mockReturnValue(random);
}
