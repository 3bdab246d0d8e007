import * as v from "valibot";
import { userIdsSchema } from "../../protocol/client-frame.ts";
import { DEFAULT_WINDOW, MAX_WATCHED, MAX_WINDOW } from "../../protocol/messages.ts";
import { mayWatch, restrictsWatching } from "../access/may-watch.ts";
import type { RequestContext } from "../access/request-context.ts";
import { Refusal } from "../errors.ts";
import { isShownInWindows } from "../large/routing.ts";
import type { AskedWindow, JoinRequest } from "../room/room-request.ts";
import type { Session } from "../session/session.ts";

/** How many ids a URL may have. */
const MAX_IN_QUERY = 50;
const MAX_ID_LENGTH = 128;
const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

/** A number in digits, at most `most`. */
const countUpTo = (most: number, least = 0) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,4}$/),
    v.transform(Number),
    v.minValue(least),
    v.maxValue(most),
  );

const limitSchema = countUpTo(MAX_WINDOW);
const pageSchema = v.object({
  after: v.pipe(v.string(), v.maxLength(MAX_ID_LENGTH)),
  limit: v.optional(countUpTo(MAX_PAGE, 1), String(DEFAULT_PAGE)),
});
const watchSchema = v.pipe(userIdsSchema, v.maxLength(MAX_IN_QUERY));

/** The window of a lease (SPEC S4). */
export const windowEntries = {
  view: v.optional(v.picklist(["window", "counts"])),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_WINDOW))),
  watch: v.optional(v.pipe(userIdsSchema, v.maxLength(MAX_WATCHED))),
};

type Wanted = { [Key in keyof typeof windowEntries]?: v.InferOutput<(typeof windowEntries)[Key]> };

/** Who sends the request: a session, or the app's backend, to which no rule applies. */
type Asker = Session | "backend";

/** The window that a query asks for; `undefined` if the query is invalid. */
function parsed<Schema extends v.GenericSchema>(schema: Schema, input: unknown) {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new Refusal("bad_request");
  return result.output;
}

/** Reads the requested window from the query; a `limit` alone requests one, too. */
function wantedBy(query: URLSearchParams | null): Wanted {
  const limit = query?.get("limit") ?? null;
  const view = query?.get("view") ?? (limit === null ? null : "window");
  if (view !== "window" && view !== "counts") return {};
  return { view, ...(limit !== null && { limit: parsed(limitSchema, limit) }) };
}

/**
 * Whether a query requests a window (SPEC S4).
 *
 * @throws Refusal `bad_request`.
 */
export function asksForWindow(query: URLSearchParams | null): boolean {
  return wantedBy(query).view !== undefined;
}

/**
 * How many members a window shows beside the watched ones; `null` for no window (SPEC S4, S6, S7).
 */
function limitOf(
  { view, limit = DEFAULT_WINDOW }: Wanted,
  { config, policy }: Pick<RequestContext, "config" | "policy">,
  room: string,
  isBackend = false,
): number | null {
  if (view === undefined && !isShownInWindows(config, room)) return null;
  // With such a rule, nobody else may be shown.
  const isRestricted = !isBackend && restrictsWatching(policy);
  return view === "counts" || isRestricted ? 0 : limit;
}

/**
 * The page of the list that the app's backend asks for, ordered by id (SPEC S7); `null` for none.
 *
 * @throws Refusal `bad_request`.
 */
export function pageOf(query: URLSearchParams | null): { after: string; limit: number } | null {
  const after = query?.get("after") ?? null;
  if (after === null) return null;
  return parsed(pageSchema, { after, limit: query?.get("limit") ?? undefined });
}

/**
 * The window of a socket, if it has one.
 *
 * @throws Refusal `bad_request`.
 */
export function windowOfSocket(
  context: RequestContext,
  query: URLSearchParams | null,
  room: string,
  asker: Session | "stranger",
): Pick<JoinRequest, "window"> {
  const wanted = wantedBy(query);
  const limit = limitOf(wanted, context, room);
  if (limit === null) return {};
  const isLater = query?.get("watch") === "later";
  // A room of any version shows a stranger nobody.
  const limits = asker === "stranger" ? { limit: 0, signedInLimit: limit } : { limit };
  return { window: { ...limits, ...impliedBy(wanted), ...(isLater && { isLater }) } };
}

/**
 * The window of a read, if it has one.
 *
 * @throws Refusal `bad_request`, `session_unavailable`.
 */
export async function windowOfRead(
  context: RequestContext,
  query: URLSearchParams | null,
  room: string,
  asker: Asker,
): Promise<{ window?: AskedWindow }> {
  const wanted = wantedBy(query);
  const limit = limitOf(wanted, context, room, asker === "backend");
  if (limit === null) return {};
  const watch = parsed(watchSchema, query?.getAll("watch") ?? []);
  const judged = await judgeWatched(context, room, watch, asker);
  return { window: { limit, ...impliedBy(wanted), ...judged } };
}

/**
 * The window of a lease, if it has one.
 *
 * @throws Refusal `session_unavailable`.
 */
export async function windowOfLease(
  context: RequestContext,
  wanted: Wanted,
  room: string,
  session: Session,
): Promise<{ window?: AskedWindow }> {
  const view = wanted.view ?? (wanted.limit === undefined ? undefined : "window");
  const limit = limitOf({ ...wanted, view }, context, room);
  if (limit === null) return {};
  const judged = await judgeWatched(context, room, wanted.watch ?? [], session);
  return { window: { limit, ...impliedBy({ view }), ...judged } };
}

/** Whether a window was not asked for (SPEC S7). */
const impliedBy = ({ view }: Wanted): { isImplied?: true } =>
  view === undefined ? { isImplied: true } : {};

async function judgeWatched(
  context: RequestContext,
  room: string,
  watch: string[],
  asker: Asker,
): Promise<Pick<AskedWindow, "watched" | "denied">> {
  if (watch.length === 0) return {};
  if (asker === "backend") return { watched: watch };
  const allowed = await mayWatch(asker, room, watch, context, context.policy);
  const denied = watch.filter((id) => !allowed.has(id));
  return { watched: watch, ...(denied.length > 0 && { denied }) };
}
