import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

/** Runs a test with a room's real storage and a fake clock. */
export async function withStorage(
  test: (storage: DurableObjectStorage) => Promise<void>,
): Promise<void> {
  await runInDurableObject(env.ROOMS.getByName("model"), async (_room, { storage }) => {
    vi.useFakeTimers();
    try {
      await test(storage);
    } finally {
      vi.useRealTimers();
    }
  });
}
