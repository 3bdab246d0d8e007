/** A process of its own for a crowd: server and clients need 9,000 descriptors and more each. */
import { WindowCrowd } from "./window-crowd.ts";

/** A method of the crowd to call; the first one is `gather`. */
export interface Call {
  call: number;
  method: string;
  args: unknown[];
}

export type Answer = { call: number; result: unknown } | { call: number; error: string };

let crowd: WindowCrowd | undefined;

async function answer({ call, method, args }: Call): Promise<Answer> {
  try {
    if (method === "gather") {
      crowd = await WindowCrowd.gather(args[0] as Parameters<typeof WindowCrowd.gather>[0]);
      return { call, result: null };
    }
    const act = crowd![method as keyof WindowCrowd] as (...args: unknown[]) => unknown;
    return { call, result: (await act.apply(crowd, args)) ?? null };
  } catch (error) {
    return { call, error: String(error) };
  }
}

process.on("message", async (call: Call) => void process.send!(await answer(call)));
process.once("disconnect", () => process.exit());
