/** How long an app's hook may take; a person may have to sign in meanwhile. */
const ANSWER_MS = 30_000;

/** Calls a hook of the app's, if there is one; rejects where it throws or does not answer in time. */
export async function callHook<Answer>(
  hook: (() => Answer | Promise<Answer>) | undefined,
): Promise<Answer | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, ANSWER_MS, new Error("The hook did not answer in time."));
  });
  try {
    return await Promise.race([hook?.(), late]);
  } finally {
    clearTimeout(timer);
  }
}
