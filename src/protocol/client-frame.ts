import * as v from "valibot";
import { type Data, MAX_DATA_BYTES, STATUSES } from "./member.ts";
import { MAX_SIGNAL_NAME, MAX_SIGNAL_RECEIVERS } from "./signal.ts";
import { isUserId } from "./user-id.ts";

/** A client frame longer than this is refused (SPEC W11), in bytes. */
export const MAX_FRAME_BYTES = 4096;
/**
 * The limit for `auth`, since tokens are longer, for `watch`, and for a `signal` with its receivers
 * (SPEC T2, S5, G1), in bytes.
 */
export const MAX_LONG_FRAME_BYTES = 16_384;

const encoder = new TextEncoder();

/** Whether a text takes at most `limit` bytes in UTF-8; counts them only if necessary. */
export function fitsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return false;
  return text.length * 3 <= limit || encoder.encode(text).byteLength <= limit;
}

export const statusSchema = v.picklist(STATUSES);
const idSchema = v.optional(v.pipe(v.string(), v.maxLength(64)));
export const dataSchema = v.pipe(
  v.custom<Data>((data) => typeof data === "object" && data !== null && !Array.isArray(data)),
  v.check(
    (data) => fitsBytes(JSON.stringify(data), MAX_DATA_BYTES),
    `must be at most ${MAX_DATA_BYTES} bytes as JSON`,
  ),
);

/** Ids of users, present or not (SPEC A2, S5). */
export const userIdsSchema = v.array(v.pipe(v.string(), v.check(isUserId)));

/** The answer to a probe (SPEC W14). A crowd sends it at once; checked alone, it takes a third of the time. */
export const aliveSchema = v.object({ type: v.literal("alive"), n: v.number(), id: idSchema });

/** Every frame a client may send, except `ping` (SPEC W8–W10, W14, T2, T3, T6, S5, G1). */
export const clientFrameSchema = v.variant("type", [
  v.object({
    type: v.literal("update"),
    status: v.optional(v.nullable(statusSchema)),
    data: v.optional(v.nullable(dataSchema)),
    id: idSchema,
  }),
  v.object({ type: v.literal("idle"), idle: v.boolean(), id: idSchema }),
  v.object({ type: v.literal("leave"), id: idSchema }),
  v.object({ type: v.literal("sync"), id: idSchema }),
  v.object({ type: v.literal("auth"), token: v.string(), id: idSchema }),
  v.object({ type: v.literal("logout"), id: idSchema }),
  v.object({
    type: v.literal("watch"),
    add: v.optional(userIdsSchema),
    remove: v.optional(userIdsSchema),
    id: idSchema,
  }),
  aliveSchema,
  v.object({
    type: v.literal("signal"),
    name: v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_SIGNAL_NAME)),
    data: v.optional(v.unknown()),
    to: v.optional(v.pipe(userIdsSchema, v.maxLength(MAX_SIGNAL_RECEIVERS))),
    id: idSchema,
  }),
]);

export type ClientFrame = v.InferOutput<typeof clientFrameSchema>;
