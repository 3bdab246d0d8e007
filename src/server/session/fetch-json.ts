import { readText } from "../http/read-text.ts";

const TIMEOUT_MS = 3000;
const MAX_BODY_BYTES = 128 * 1024;

/** What another server answered; `body` is read at status 200 alone, `undefined` where it is empty. */
export interface JsonAnswer {
  status: number;
  body?: unknown;
}

/**
 * Asks another server for JSON: 3 s for all of it, 128 KiB at most, no redirect followed.
 *
 * @throws Error whose message says what went wrong, and holds nothing of the request.
 * @example
 * const { status, body } = await fetchJson("https://app.example.com/session", { Cookie: "sid=1" });
 */
export async function fetchJson(
  url: string,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const ending = new AbortController();
  // Not `AbortSignal.timeout`: it would keep a room from its sleep for all its time.
  const timer = setTimeout(() => ending.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      headers: { Accept: "application/json", ...headers },
      redirect: "manual",
      signal: ending.signal,
    });
    if (response.status !== 200) {
      // Not awaited: the body's end may never come.
      response.body?.cancel().catch(() => {});
      return { status: response.status };
    }
    const text = await readText(response.body, MAX_BODY_BYTES);
    if (text === null) throw new RangeError(`more than ${MAX_BODY_BYTES} bytes`);
    return { status: 200, body: text.trim() === "" ? undefined : JSON.parse(text) };
  } catch (error) {
    if (ending.signal.aborted)
      throw new Error(`no answer in ${TIMEOUT_MS / 1000} s`, { cause: error });
    if (error instanceof SyntaxError) throw new Error("the answer is no JSON", { cause: error });
    if (error instanceof RangeError) throw error;
    // A network error's message may name the address with what its query holds.
    throw new Error("no connection", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
