import * as v from "valibot";
import { answerJson } from "../answer.ts";
import type { Config } from "../config/config.ts";
import type { FoundRoom, ListedRoom, ListQuery } from "../directory/directory-object.ts";
import { ALL_PARTITIONS } from "../directory/partitions.ts";
import { Refusal } from "../errors.ts";
import { describeError, log } from "../log.ts";
import type { RequestContext } from "../access/request-context.ts";
import { within } from "../platform/time-limit.ts";

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

const namePart = v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:~-]{0,128}$/)), "");

/** The query of `GET /rooms`. */
export const roomsQuerySchema = v.object({
  prefix: namePart,
  after: namePart,
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d{0,3}$/), v.transform(Number), v.maxValue(MAX_LIMIT)),
    String(DEFAULT_LIMIT),
  ),
});

/** A partition that has not answered by then counts as down. */
const ANSWER_MS = 5_000;

type Partition = (typeof ALL_PARTITIONS)[number];
interface Found extends FoundRoom {
  partition: Partition;
}

/**
 * Lists the occupied rooms, ordered by name (SPEC B9). Each partition of the list answers its part of the
 * page; the first of all of them are the page.
 *
 * @throws Refusal `not_found` if rooms are not listed, `bad_request`, `rooms_unavailable`.
 */
export async function listRooms({ config, url, requestId }: RequestContext): Promise<Response> {
  const { directory } = config;
  if (directory === null) throw new Refusal("not_found");
  const query = v.safeParse(roomsQuerySchema, Object.fromEntries(url.searchParams));
  if (!query.success) throw new Refusal("bad_request");
  const { limit } = query.output;
  // One more than the page, to see whether another follows.
  const ask: ListQuery = { ...query.output, limit: limit + 1, confirms: true };
  const listOf = async (partition: Partition): Promise<Found[]> => {
    const call = async (): Promise<FoundRoom[]> => directory.getByName(partition).list(ask);
    return (await within(ANSWER_MS, call)).map((found) => ({ ...found, partition }));
  };
  try {
    const shares = await Promise.all(ALL_PARTITIONS.map(listOf));
    const found = shares.flat().toSorted((a, b) => (a.room < b.room ? -1 : 1));
    const page = found.slice(0, limit);
    const after = found.length > limit ? page.at(-1)!.room : null;
    return answerJson({ rooms: await confirm(directory, page, requestId), after }, requestId);
  } catch (error) {
    log("failure", { code: "rooms_unavailable", reason: describeError(error), requestId });
    throw new Refusal("rooms_unavailable");
  }
}

/**
 * Asks the rooms of a page that have not reported for a while, and leaves out those that are empty. A
 * room that cannot be asked stays as it is.
 */
async function confirm(
  directory: NonNullable<Config["directory"]>,
  page: readonly Found[],
  requestId: string,
): Promise<ListedRoom[]> {
  const old = Map.groupBy(
    page.filter(({ isOld }) => isOld),
    ({ partition }) => partition,
  );
  const confirmed = new Map<string, ListedRoom | null>();
  const ask = async ([partition, rooms]: [Partition, Found[]]): Promise<void> => {
    const names = rooms.map(({ room }) => room);
    const call = async (): Promise<ListedRoom[]> => directory.getByName(partition).confirm(names);
    const left = await within(ANSWER_MS, call);
    for (const name of names) confirmed.set(name, null);
    for (const room of left) confirmed.set(room.room, room);
  };
  for (const asked of await Promise.allSettled([...old].map(ask))) {
    if (asked.status === "fulfilled") continue;
    const reason = describeError(asked.reason);
    log("failure", { code: "rooms_unavailable", reason, requestId });
  }
  return page.flatMap(({ room, online, connections }) => {
    const now = confirmed.get(room);
    if (now === null) return [];
    return [now ?? { room, online, connections }];
  });
}
