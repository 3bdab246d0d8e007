import { formatSince } from "../../protocol/since.ts";
import { answerHeaders } from "../http/answer.ts";
import type { ReadRequest } from "./room-request.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { Roster } from "./members/roster.ts";

/** Whether an `If-None-Match` names this entity tag; a weak one matches too (RFC 9110, 13.1.2). */
function matches(condition: string | null, etag: string): boolean {
  if (condition === null) return false;
  return condition.split(",").some((tag) => {
    const candidate = tag.trim().replace(/^W\//, "");
    return candidate === etag || candidate === "*";
  });
}

/** Answers a room's `GET`: snapshot, delta or counts, or 304 (SPEC R3, R5, R6). */
export function answerRead(
  { since, countsOnly, requestId }: Pick<ReadRequest, "since" | "countsOnly" | "requestId">,
  condition: string | null,
  roster: Roster,
  broadcaster: Broadcaster,
): Response {
  const etag = `"${formatSince(roster.list.state)}"`;
  const headers = {
    ...answerHeaders(requestId),
    ETag: etag,
    "Cache-Control": "private, no-cache",
  };
  if (matches(condition, etag)) return new Response(null, { status: 304, headers });
  const body = () => {
    if (countsOnly) return broadcaster.counts();
    return since ? broadcaster.since(since) : broadcaster.snapshot();
  };
  return new Response(body(), {
    headers: { ...headers, "Content-Type": "application/json; charset=utf-8" },
  });
}
