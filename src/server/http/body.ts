import * as v from "valibot";
import { Refusal } from "../errors.ts";
import { readText } from "../platform/read-text.ts";

const MAX_BODY_BYTES = 16_384;

/** valibot takes a list for an object whose keys are all absent. */
const notList = v.check((json: unknown) => !Array.isArray(json));

/**
 * Reads a request's body as JSON of a schema, whatever its `Content-Type`: `navigator.sendBeacon`
 * cannot send `application/json` to another origin. Judge the caller first: reading a body is work.
 *
 * @throws Refusal `too_large`, `bad_request`.
 */
export async function readBody<Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
  maxBytes = MAX_BODY_BYTES,
): Promise<v.InferOutput<Schema>> {
  const announced = Number(request.headers.get("Content-Length") ?? 0);
  if (announced > maxBytes) throw new Refusal("too_large");
  const text = await readText(request.body, maxBytes).catch(() => {
    // The caller disconnected while sending.
    throw new Refusal("bad_request");
  });
  if (text === null) throw new Refusal("too_large");
  const body = v.safeParse(v.pipe(v.string(), v.parseJson(), notList, schema), text);
  if (!body.success) throw new Refusal("bad_request");
  return body.output;
}

/**
 * Cancels the unread rest of a request's body. Otherwise the platform receives all of it before the
 * caller gets the answer.
 */
export function dropBody(request: Request): void {
  if (request.bodyUsed) return;
  request.body?.cancel().catch(() => {});
}
