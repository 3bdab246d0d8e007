import { vi } from "vitest";

/** What becomes of a call from one object to another. */
export type Fate = "arrives" | "lost" | "answer lost" | "twice" | "overtaken";

/** Longer than it takes until what was not answered is sent again. */
const OVERTAKEN_MS = 1_500;

type Act = () => Promise<unknown>;

async function meet(fate: Fate, act: Act): Promise<unknown> {
  const lost = new Error("Network connection lost.");
  switch (fate) {
    case "arrives":
      return act();
    case "lost":
      throw lost;
    case "answer lost":
      await act();
      throw lost;
    case "twice":
      await act();
      return act();
    case "overtaken":
      setTimeout(() => void act().catch(() => {}), OVERTAKEN_MS);
      throw lost;
    default:
      return fate satisfies never;
  }
}

/**
 * Has the network disturb the calls of a method to all objects of a namespace: each call meets the
 * next of these fates, over and over, until the function that this returns is called.
 */
export function disturb(
  namespace: DurableObjectNamespace,
  method: string,
  fates: readonly Fate[],
): () => void {
  const real = namespace.getByName.bind(namespace);
  let calls = 0;
  const spy = vi.spyOn(namespace, "getByName").mockImplementation((name) => {
    const stub = real(name) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const get = (_: object, key: string) => {
      return (...args: unknown[]) => {
        const act = async () => stub[key]!(...args);
        return key === method ? meet(fates[calls++ % fates.length]!, act) : act();
      };
    };
    return new Proxy({}, { get }) as DurableObjectStub;
  });
  return () => spy.mockRestore();
}
