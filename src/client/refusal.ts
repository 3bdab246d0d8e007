import type { RoomError } from "./types.ts";
import { MOST_RETRY_MS } from "./times.ts";

/** An error that the service answered. */
export interface Refusal extends RoomError {
  status: number;
  /** If it passes by itself: when to try again, 0 or less for at once. */
  retryAfterMs: number;
}

/** The error for the app; the codes are the service's. */
export function errorOf({ code, message }: { code: string; message: string }): RoomError {
  return { code, message } as RoomError;
}

/** Why the service refuses, if an answer with this body is a refusal. */
export function refusalIn({ status, headers }: Response, body: unknown): Refusal | null {
  const { error } = (body ?? {}) as { error?: RoomError };
  if (!error?.code) return null;
  // Seconds, a date, or nonsense.
  const retryAfter = headers.get("Retry-After");
  const ms = Number(retryAfter) * 1000 || Date.parse(retryAfter!) - Date.now();
  return { ...error, status, retryAfterMs: Math.min(MOST_RETRY_MS, ms) || 0 };
}

/** An error that only a developer can fix, perhaps before the next attempt. */
function misled(code: RoomError["code"], message: string): Refusal {
  return { code, message, status: 500, retryAfterMs: 0 };
}

/**
 * Finds out why an upgrade was refused, which a browser does not reveal, by reading the room once.
 * `null` if it was not refused, `undefined` if there is no answer.
 */
export async function askWhyRefused(
  url: URL,
  client: { fetch(url: URL, request?: RequestInit): Promise<Response> },
): Promise<Refusal | null | undefined> {
  url.searchParams.set("fields", "counts");
  try {
    const response = await client.fetch(url);
    const body = (await response.json().catch(() => null)) as { type?: string } | null;
    const refusal = refusalIn(response, body);
    if (refusal || body?.type === "snapshot") return refusal;
    const { status } = response;
    if (status >= 500) return undefined;
    return misled("not_found", `Another server answers: ${status}.`);
  } catch {
    // For a page of a forbidden origin, CORS makes an answer look like a network error. A `no-cors`
    // request tells the two apart.
    const page = globalThis.location?.origin;
    if (!page || page === url.origin) return undefined;
    const answer = await client.fetch(url, { mode: "no-cors" }).catch(() => null);
    return answer ? misled("origin_forbidden", `Not for ${page}.`) : undefined;
  }
}
