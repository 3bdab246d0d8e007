import { isSame, type Since } from "../../../protocol/since.ts";
import type { ListHolder } from "../members/seen-list.ts";
import type { AskedWindow } from "../room-request.ts";
import { windowDelta, windowSnapshot } from "./window-text.ts";

/** A window as JSON for a caller without a socket; a client with this version needs no new one. */
export function readWindow(
  room: string,
  holder: ListHolder,
  { limit, isImplied, watched: ids = [], denied = [] }: AskedWindow,
  since: Since | null,
): string {
  const { list } = holder;
  const unknown = new Set(denied);
  if (since !== null && !isImplied && isSame(since, list.state)) {
    return windowDelta(holder, since.version, { set: [], gone: [] }, unknown);
  }
  const watched = new Set(ids);
  const others = list.firstPresent(limit, watched);
  return windowSnapshot(room, holder, { watched, others }, unknown);
}
