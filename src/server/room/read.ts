import { formatSince } from "../../protocol/since.ts";
import { hashOf } from "../platform/hash.ts";
import { answerHeaders } from "../answer.ts";
import type { ReadRequest } from "./room-request.ts";
import type { RoomTexts } from "./texts.ts";

/** Whether an `If-None-Match` names this entity tag; a weak one matches too (RFC 9110, 13.1.2). */
function matches(condition: string | null, etag: string): boolean {
  if (condition === null) return false;
  return condition.split(",").some((tag) => {
    const candidate = tag.trim().replace(/^W\//, "");
    return candidate === etag || candidate === "*";
  });
}

type ReadOptions = Pick<ReadRequest, "since" | "countsOnly" | "window" | "page" | "requestId">;

/**
 * Answers a room's `GET`: snapshot, delta or counts, or a part of them, or 304 (SPEC R3, R5, R6,
 * S4, S7).
 */
export function answerRead(
  asked: ReadOptions,
  condition: string | null,
  { texts }: { readonly texts: RoomTexts },
): Response {
  const { since = null, countsOnly, window, page, requestId } = asked;
  const at = formatSince(texts.state);
  const shown = window && texts.window(window, since);
  // By its content: the request would distinguish users who may not be watched from unknown ones.
  const ofWindow = shown === undefined ? "" : `.${hashOf(shown).toString(36)}`;
  // The number of watchers is not part of the version.
  const etag = `"${at}${countsOnly ? `.${texts.watching}` : ofWindow}"`;
  const headers = {
    ...answerHeaders(requestId),
    ETag: etag,
    "Cache-Control": "private, no-cache",
  };
  if (matches(condition, etag)) return new Response(null, { status: 304, headers });
  const body = () => {
    if (countsOnly) return texts.watchedCounts();
    if (page) return texts.page(page);
    if (shown !== undefined) return shown;
    return since ? texts.since(since) : texts.snapshot();
  };
  return new Response(body(), {
    headers: { ...headers, "Content-Type": "application/json; charset=utf-8" },
  });
}
