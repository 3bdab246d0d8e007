import { Refusal } from "../errors.ts";
import { invalidClaim } from "./details.ts";
import { isUserId } from "../../protocol/user-id.ts";

const MAX_SESSION_ID_LENGTH = 256;
const MAX_NAME_LENGTH = 256;
const MAX_IMAGE_LENGTH = 2048;
const MAX_ENTRIES = 100;
const MAX_ENTRY_LENGTH = 128;
/** The longest that browsers keep a cookie. */
const MAX_LIFETIME_MS = 400 * 86_400_000;
/** The clocks of two servers may differ by this much. */
const MAX_AHEAD_MS = 60_000;
/** Stands for the page's own host. */
const OWN = "https://own.invalid";

/** Frameworks write a missing string as `null` or as an empty string. */
const isAbsent = (value: unknown) => value === undefined || value === null || value === "";

/** Many apps have numbers as user ids. */
function readId(value: unknown, claim: string): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string") throw invalidClaim(claim, "not a text");
  return value;
}

/** Reads a user's id; the claim is named for the log. */
export function readUserId(value: unknown, claim: string): string {
  if (isAbsent(value)) throw invalidClaim(claim, "missing");
  const id = readId(value, claim);
  if (!isUserId(id)) throw invalidClaim(claim, "not an id");
  return id;
}

/** Reads a session's id, `undefined` for none. */
export function readSessionId(value: unknown, claim: string): string | undefined {
  if (isAbsent(value)) return undefined;
  const id = readId(value, claim);
  if (id.length > MAX_SESSION_ID_LENGTH) throw invalidClaim(claim, "too long");
  if (!id.isWellFormed()) throw invalidClaim(claim, "not an id");
  return id;
}

/** Reads a name. It is only decoration, so a bad one is cut or left out instead of refused. */
export function readName(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const cut = value.slice(0, MAX_NAME_LENGTH);
  // The first half of a character whose second half was cut off.
  const isHalved = value.length > MAX_NAME_LENGTH && /[\ud800-\udbff]$/.test(cut);
  return (isHalved ? cut.slice(0, -1) : cut).toWellFormed();
}

/**
 * Reads a picture: an `https:` URL, or a path of the page's own host. Anything else is left out,
 * since a browser requests it with the viewer's cookies.
 */
export function readImage(value: unknown, allowsPaths: boolean): string | undefined {
  if (typeof value !== "string" || value.length > MAX_IMAGE_LENGTH) return undefined;
  if (!value.isWellFormed() || !URL.canParse(value, OWN)) return undefined;
  if (/^https:\/\//i.test(value)) return value;
  const isPath = value.startsWith("/") && new URL(value, OWN).origin === OWN;
  return isPath && allowsPaths ? value : undefined;
}

/** Reads roles or rooms: a list of strings. */
export function readTexts(value: unknown, claim: string): string[] {
  if (!Array.isArray(value)) throw invalidClaim(claim, "not a list");
  if (value.length > MAX_ENTRIES) throw invalidClaim(claim, "too many");
  for (const entry of value as unknown[]) {
    if (typeof entry !== "string" || !entry.isWellFormed()) throw invalidClaim(claim, "not a text");
    if (entry.length > MAX_ENTRY_LENGTH) throw invalidClaim(claim, "too long");
  }
  return [...(value as string[])];
}

/** Reads when a session was issued; `undefined` if the time is missing or impossible. */
export function readIssuedAt(value: unknown, claim: string, now: number): number | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "number") throw invalidClaim(claim, "not a time");
  const issuedAt = Math.round(value);
  return issuedAt >= 0 && issuedAt <= now + MAX_AHEAD_MS ? issuedAt : undefined;
}

/**
 * Reads when a session ends: at most 400 days ahead, whatever the source writes for "never".
 *
 * @throws Refusal `session_invalid`, `session_expired`.
 */
export function readExpiry(
  value: unknown,
  claim: string,
  now: number,
  toleranceMs: number,
): number {
  if (typeof value !== "number" || Number.isNaN(value)) throw invalidClaim(claim, "not a time");
  if (value + toleranceMs <= now) {
    throw new Refusal("session_expired", undefined, { detail: claim });
  }
  return Math.round(Math.min(value, now + MAX_LIFETIME_MS));
}
