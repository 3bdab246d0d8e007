import * as v from "valibot";
import { Refusal } from "../errors.ts";
import { imageSchema, nameSchema, rolesSchema, userIdSchema, type Session } from "./session.ts";

const timeSchema = v.union([
  v.pipe(v.number(), v.finite()),
  v.pipe(
    v.string(),
    v.transform((text) => Date.parse(text)),
    v.number(),
    v.finite(),
  ),
]);

const schema = v.object({
  user: v.object({ id: userIdSchema, name: nameSchema, image: imageSchema }),
  roles: rolesSchema,
  rooms: v.nullish(v.array(v.string())),
  id: v.nullish(v.string()),
  issuedAt: v.nullish(timeSchema),
  expiresAt: v.nullish(timeSchema),
});

/**
 * Reads a session that the app itself wrote as JSON: `{ user: { id, name?, image? }, roles?, rooms?,
 * id?, issuedAt?, expiresAt? }`, its times in ISO 8601 or milliseconds since 1970. Without an
 * expiry it lasts `sessionMs` from `now`. Answers `undefined` where it is of another shape.
 *
 * @throws Refusal `session_expired`.
 * @example
 * sessionFromJson({ user: { id: "ada" } }, Date.now(), 3_600_000)?.user.id; // "ada"
 */
export function sessionFromJson(
  json: unknown,
  now: number,
  sessionMs: number,
): Session | undefined {
  const result = v.safeParse(schema, json);
  if (!result.success) return undefined;
  const { user, roles, rooms, id, issuedAt, expiresAt } = result.output;
  if (typeof expiresAt === "number" && expiresAt <= now) throw new Refusal("session_expired");
  return {
    user: {
      id: user.id,
      ...(user.name && { name: user.name }),
      ...(user.image && { image: user.image }),
    },
    roles: roles ?? [],
    ...(rooms && { rooms }),
    ...(id && { id }),
    ...(typeof issuedAt === "number" && { issuedAt }),
    expiresAt: expiresAt ?? now + sessionMs,
  };
}
