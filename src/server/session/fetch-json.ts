import { readText } from "../platform/read-text.ts";

const TIMEOUT_MS = 3000;
const MAX_BODY_BYTES = 128 * 1024;

/** Another server's answer; `body` is read only for status 200, and `undefined` if it is empty. */
export interface JsonAnswer {
  status: number;
  body?: unknown;
}

/**
 * Fetches JSON from another server, in at most 3 s and 128 KiB, without following redirects.
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
  // Not `AbortSignal.timeout`, which keeps an object from hibernating until it fires.
  const timer = setTimeout(() => ending.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      headers: { Accept: "application/json", ...headers },
      redirect: "manual",
      signal: ending.signal,
    });
    if (response.status !== 200) {
      // Not awaited: the body may never end.
      response.body?.cancel().catch(() => {});
      return { status: response.status };
    }
    const text = await readText(response.body, MAX_BODY_BYTES);
    if (text === null) throw new RangeError(`more than ${MAX_BODY_BYTES} bytes`);
    return { status: 200, body: text.trim() === "" ? undefined : JSON.parse(text) };
  } catch (error) {
    if (ending.signal.aborted)
      throw new Error(`no answer in ${TIMEOUT_MS / 1000} s`, { cause: error });
    if (error instanceof SyntaxError) throw new Error("the answer is not JSON", { cause: error });
    if (error instanceof RangeError) throw error;
    // The message of a network error may contain the URL with its query.
    throw new Error("no connection", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
