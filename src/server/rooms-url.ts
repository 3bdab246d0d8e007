import * as v from "valibot";
import { answerJson } from "./answer.ts";
import { ALL_SHARDS } from "./directory/shards.ts";
import { Refusal } from "./errors.ts";
import { describeError, log } from "./log.ts";
import type { Asked } from "./room-url.ts";
import { askRoom } from "./room-stub.ts";

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

const namePart = v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:~-]{0,128}$/)), "");

/** What `GET /rooms` may be asked with. */
export const roomsQuerySchema = v.object({
  prefix: namePart,
  after: namePart,
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d{0,3}$/), v.transform(Number), v.maxValue(MAX_LIMIT)),
    String(DEFAULT_LIMIT),
  ),
});

/**
 * Lists the rooms that somebody is in, ordered by name (SPEC B9). Each object of the list answers its
 * share of a page; the first of all are the page.
 *
 * @throws Refusal `not_found` where rooms are not listed, `bad_request`, `rooms_unavailable`.
 */
export async function listRooms({ config, url, requestId }: Asked): Promise<Response> {
  const { directory } = config;
  if (directory === null) throw new Refusal("not_found");
  const query = v.safeParse(roomsQuerySchema, Object.fromEntries(url.searchParams));
  if (!query.success) throw new Refusal("bad_request");
  const { limit } = query.output;
  // One more than the page tells whether another follows.
  const ask = { ...query.output, limit: limit + 1 };
  try {
    const shares = await Promise.all(
      ALL_SHARDS.map(async (shard) => directory.getByName(shard).list(ask)),
    );
    const found = shares.flat().toSorted((a, b) => (a.room < b.room ? -1 : 1));
    const rooms = found.slice(0, limit);
    return answerJson(
      { rooms, after: found.length > limit ? rooms.at(-1)!.room : null },
      requestId,
    );
  } catch (error) {
    log("failure", { code: "rooms_unavailable", reason: describeError(error), requestId });
    throw new Refusal("rooms_unavailable");
  }
}

/** Tells the app's backend how a room is (SPEC B10). */
export function readStats({ env, request, requestId }: Asked, room: string): Promise<Response> {
  return askRoom(env, room, { requestId, statsOnly: true }, request);
}
