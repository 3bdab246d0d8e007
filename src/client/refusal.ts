import type { RoomError } from "./types.ts";
import { MOST_RETRY_MS, REQUEST_MS } from "./times.ts";

/** An answer of the service's other than what was asked for. */
export interface Refusal extends RoomError {
  status: number;
  /** Where it passes by itself, when to ask again. */
  retryAfterMs: number;
}

/** How the service is asked over HTTP: with the session's cookie, and not for ever. */
export function withinLimits(): RequestInit {
  return { credentials: "include", signal: AbortSignal.timeout(REQUEST_MS) };
}

/** What an app is told of it; the codes are the service's. */
export function errorOf({ code, message }: { code: string; message: string }): RoomError {
  return { code, message } as RoomError;
}

/** A `Retry-After` in milliseconds, 0 or less where it is over: it is seconds or a date, or nonsense. */
function retryAfterMs(text: string | null): number {
  const ms = Number(text) * 1000 || Date.parse(text ?? "") - Date.now();
  return Math.min(MOST_RETRY_MS, ms) || 0;
}

/** Why the service refuses, where that is what an answer with this body is. */
export function refusalIn({ status, headers }: Response, body: unknown): Refusal | null {
  const { error } = (body ?? {}) as { error?: RoomError };
  if (!error?.code) return null;
  return { ...error, status, retryAfterMs: retryAfterMs(headers.get("Retry-After")) };
}

/** What only a developer can mend, and may have mended at the next attempt. */
function misled(code: RoomError["code"], message: string): Refusal {
  return { code, message, status: 500, retryAfterMs: 0 };
}

/**
 * Learns why an upgrade was refused, which a browser does not tell, by reading the room once.
 * `null` where it was not refused, `undefined` where nobody answers.
 */
export async function askWhyRefused(
  url: URL,
  client: { fetch(url: URL, request: RequestInit): Promise<Response> },
): Promise<Refusal | null | undefined> {
  url.searchParams.set("fields", "counts");
  try {
    const response = await client.fetch(url, withinLimits());
    const body = (await response.json().catch(() => null)) as { type?: string } | null;
    const refusal = refusalIn(response, body);
    if (refusal || body?.type === "snapshot") return refusal;
    const { status } = response;
    if (status >= 500) return undefined;
    return misled("not_found", `Another server answers (${status}).`);
  } catch {
    // To a page of an origin that is not allowed an answer looks like none, but for this.
    const page = globalThis.location?.origin;
    if (!page || page === url.origin) return undefined;
    const answer = await client
      .fetch(url, { ...withinLimits(), mode: "no-cors" })
      .catch(() => null);
    return answer ? misled("origin_forbidden", `Not for ${page}.`) : undefined;
  }
}
