import { evictDurableObject, runInDurableObject } from "cloudflare:test";

/**
 * Ends an object's instance, so that its next event constructs another. One that had nothing to do for
 * 10 s, as on a busy machine, the platform has ended itself: it is woken first, because what there is
 * not cannot be evicted, nor can its sockets be closed.
 */
export async function evict(
  stub: DurableObjectStub,
  webSockets: "hibernate" | "close" = "hibernate",
): Promise<void> {
  for (;;) {
    try {
      return await evictDurableObject(stub, { webSockets });
    } catch (error) {
      if (!String(error).includes("it is not currently running")) throw error;
      await runInDurableObject(stub, () => {});
    }
  }
}
