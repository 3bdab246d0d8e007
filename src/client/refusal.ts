import type { RoomError } from "./types.ts";

/** An answer of the service's other than what was asked for. */
export interface Refusal extends RoomError {
  status: number;
  /** Where it passes by itself, when to ask again. */
  retryAfterMs: number;
}

/** How long an answer is waited for. */
const ANSWER_MS = 10_000;
/** The longest that a `Retry-After` is followed: a proxy's may name any time. */
const MOST_RETRY_MS = 300_000;

/** How the service is asked over HTTP: with the session's cookie, and not for ever. */
export function withinLimits(): RequestInit {
  return { credentials: "include", signal: AbortSignal.timeout(ANSWER_MS) };
}

/** Statuses by which trying again does not help: the caller has to become another, or to ask for another room. */
const FINAL = [400, 401, 403, 404];

export function isFinal({ status }: Refusal): boolean {
  return FINAL.includes(status);
}

/** What an app is told of it. */
export function errorOf({ code, message }: RoomError): RoomError {
  return { code, message };
}

/** A `Retry-After` in milliseconds: it is seconds or a date; 0 where it is neither. */
function retryAfterMs(text: string | null): number {
  const ms = Number(text) * 1000 || Date.parse(text ?? "") - Date.now();
  return Math.min(MOST_RETRY_MS, Math.max(0, ms)) || 0;
}

/** Reads why; `null` for a good answer, or one that is somebody else's, like a captive portal's. */
export async function readRefusal(response: Response): Promise<Refusal | null> {
  if (response.ok) return null;
  const { status, headers } = response;
  const body = (await response.json().catch(() => null)) as { error?: RoomError } | null;
  if (typeof body?.error?.code !== "string") return null;
  return { ...body.error, status, retryAfterMs: retryAfterMs(headers.get("Retry-After")) };
}

/**
 * Learns why an upgrade was refused, which a browser does not tell, by reading the room once.
 * `null` where it was not refused, `undefined` where nobody answers.
 */
export async function askWhyRefused(
  url: URL,
  ask: typeof fetch,
): Promise<Refusal | null | undefined> {
  try {
    url.searchParams.set("fields", "counts");
    return await readRefusal(await ask(url, withinLimits()));
  } catch {
    return undefined;
  }
}
