/** A source's names for the parts of a session: a name, or a path like `realm_access.roles`. */
export interface ClaimNames {
  user: string;
  name: string;
  picture: string;
  roles: string;
  rooms: string;
  id: string;
  issuedAt: string;
  expiresAt: string;
}

/** What `SESSION_CLAIMS` may name (SPEC A2). */
export const CLAIM_KEYS = ["id", "name", "picture", "roles", "rooms", "session"] as const;

/** The value of `SESSION_CLAIMS`. */
export type OwnClaims = { readonly [Key in (typeof CLAIM_KEYS)[number]]?: string | undefined };

/** An object as it is; anything else as an empty object. */
export function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Looks a claim up: by its whole name first, since some are URLs, then as a path. `undefined` if
 * it is not there, `null` if anything but an object is in its way, `null` among it, so that it does not
 * count as absent.
 *
 * @example
 * lookUp({ user: { id: 7 } }, "user.id"); // 7
 */
export function lookUp(claims: unknown, name: string): unknown {
  if (claims === undefined) return undefined;
  if (!isRecord(claims)) return null;
  if (Object.hasOwn(claims, name)) return claims[name];
  const at = name.indexOf(".");
  if (at < 0) return undefined;
  return lookUp(ownValue(claims, name.slice(0, at)), name.slice(at + 1));
}

function ownValue(claims: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(claims, key) ? claims[key] : undefined;
}

/** The first of some claims that is present, and its name; the last name if none is. */
export function findClaim(
  claims: unknown,
  names: readonly [string, ...string[]],
): { name: string; value: unknown } {
  for (const name of names) {
    const value = lookUp(claims, name);
    if (value !== undefined && value !== null && value !== "") return { name, value };
  }
  return { name: names[0], value: undefined };
}

/** The names of a source, some of them replaced by `SESSION_CLAIMS`. */
export function renameClaims(names: ClaimNames, own: OwnClaims): ClaimNames {
  return {
    ...names,
    user: own.id ?? names.user,
    name: own.name ?? names.name,
    picture: own.picture ?? names.picture,
    roles: own.roles ?? names.roles,
    rooms: own.rooms ?? names.rooms,
    id: own.session ?? names.id,
  };
}
