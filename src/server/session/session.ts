import * as v from "valibot";
import { Refusal } from "../errors.ts";

/** The verified identity behind a request (SPEC, "Words"). Times are milliseconds since 1970. */
export interface Session {
  user: User;
  roles: readonly string[];
  /** The rooms it admits to; a trailing `*` matches any rest. Absent: all of them. */
  rooms?: readonly string[];
  id?: string;
  issuedAt?: number;
  expiresAt: number;
}

export interface User {
  id: string;
  name?: string;
  image?: string;
}

const isPicture = (text: string) =>
  /^\/(?!\/)/.test(text) || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

/** Frameworks write an absent name or picture as `null` or as an empty text. */
const orAbsent = <Schema extends v.GenericSchema<string>>(schema: Schema) =>
  v.nullish(
    v.union([
      v.pipe(
        v.literal(""),
        v.transform(() => undefined),
      ),
      schema,
    ]),
  );

const idSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
/** Apps number their users as often as they name them. */
export const userIdSchema = v.union([
  idSchema,
  v.pipe(v.number(), v.safeInteger(), v.transform(String)),
]);
export const nameSchema = orAbsent(v.pipe(v.string(), v.maxLength(256)));
export const imageSchema = orAbsent(v.pipe(v.string(), v.maxLength(2048), v.check(isPicture)));
export const rolesSchema = v.nullish(v.array(v.pipe(v.string(), v.maxLength(128))), []);

const claimsSchema = v.object({
  sub: idSchema,
  name: nameSchema,
  picture: imageSchema,
  roles: rolesSchema,
  rooms: v.optional(v.array(v.string())),
  sid: v.nullish(v.string()),
  jti: v.nullish(v.string()),
  iat: v.nullish(v.number()),
  exp: v.number(),
});

/**
 * Reads a session from verified JWT claims (SPEC A2).
 *
 * @throws Refusal `session_invalid` where a claim breaks its shape.
 * @example
 * sessionFromClaims({ sub: "ada", name: "Ada", exp: 1_900_000_000 }).user; // { id: "ada", name: "Ada" }
 */
export function sessionFromClaims(claims: unknown): Session {
  const result = v.safeParse(claimsSchema, claims);
  if (!result.success) throw new Refusal("session_invalid");
  const { sub, name, picture, roles, rooms, sid, jti, iat, exp } = result.output;
  const id = sid ?? jti;
  return {
    user: { id: sub, ...(name && { name }), ...(picture && { image: picture }) },
    roles: roles ?? [],
    ...(rooms && { rooms }),
    ...(id && { id }),
    ...(typeof iat === "number" && { issuedAt: iat * 1000 }),
    expiresAt: exp * 1000,
  };
}
