import { evictDurableObject, runInDurableObject } from "cloudflare:test";

/**
 * Ends an object's instance, so that its next event constructs another. One that had nothing to do for
 * 10 s, as on a busy machine, the platform has ended itself: it is woken first, because what there is
 * not cannot be evicted, nor can its sockets be closed. One that seems busy for 30 s is tried once more.
 */
export async function evict(
  stub: DurableObjectStub,
  webSockets: "hibernate" | "close" = "hibernate",
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await evictDurableObject(stub, { webSockets });
    } catch (error) {
      if (String(error).includes("it is not currently running")) {
        await runInDurableObject(stub, () => {});
      } else if (tries > 1) throw error;
    }
  }
}
