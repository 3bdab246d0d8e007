import type { SignInOptions } from "./sign-in-options.ts";
import type { RoomError } from "./types.ts";
import { warn } from "./warn.ts";
import { HOOK_MS } from "./times.ts";

/**
 * Calls a hook of the app's, if there is one; rejects if it throws or does not answer in time. This,
 * and a missing result, is reported in the console.
 */
export async function callHook<Answer>(
  options: SignInOptions,
  name: keyof SignInOptions,
  error?: RoomError,
): Promise<Answer | undefined> {
  const hook = options[name] as ((error?: RoomError) => unknown) | undefined;
  if (!hook) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, HOOK_MS, new Error("no answer in 30 s"));
  });
  try {
    const answer = await Promise.race([hook(error), late]);
    if ((answer ?? "") === "") warn(`${name} gave nothing.`, name);
    return answer as Answer;
  } catch (thrown) {
    const fault = `${name} failed: ${thrown as Error}`;
    warn(fault, name);
    // oxlint-disable-next-line preserve-caught-error -- it is reported here, and nobody else reads it
    throw new Error(fault);
  } finally {
    clearTimeout(timer);
  }
}
