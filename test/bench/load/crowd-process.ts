/** A process of the load generator: creates a crowd, and runs commands on it. */
import { Crowd, type CrowdOptions } from "./crowd.ts";

export type Method = Exclude<keyof Crowd, never>;

export type Call =
  | { call: number; make: CrowdOptions }
  | { call: number; method: Method; args: unknown[] };

export type Answer = { call: number; result: unknown } | { call: number; error: string };

let crowd: Crowd | undefined;

async function answer(call: Call): Promise<Answer> {
  try {
    if ("make" in call) {
      crowd = new Crowd(call.make);
      return { call: call.call, result: null };
    }
    const method = crowd![call.method] as (...args: unknown[]) => unknown;
    return { call: call.call, result: (await method.apply(crowd, call.args)) ?? null };
  } catch (error) {
    return { call: call.call, error: String(error) };
  }
}

process.on("message", async (call: Call) => {
  process.send!(await answer(call));
});
process.once("disconnect", () => process.exit());
