import * as v from "valibot";
import { fitsBytes } from "../protocol/client-frame.ts";
import { Refusal } from "./errors.ts";

const MAX_BODY_BYTES = 16_384;

/** To the library a list is an object whose keys are all absent. */
const notList = v.check((json: unknown) => !Array.isArray(json));

/**
 * Reads a request's body as JSON of a schema, whatever type it says to be: `navigator.sendBeacon`
 * cannot send `application/json` to another origin.
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
  const text = await request.text();
  if (!fitsBytes(text, maxBytes)) throw new Refusal("too_large");
  const body = v.safeParse(v.pipe(v.string(), v.parseJson(), notList, schema), text);
  if (!body.success) throw new Refusal("bad_request");
  return body.output;
}
