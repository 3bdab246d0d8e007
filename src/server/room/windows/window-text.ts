import type { ListHolder } from "../members/seen-list.ts";
import type { WatchList } from "./watch-lists.ts";
import { shownBy, type Window, type WindowChange } from "./window.ts";

/** The users whose entries are sent as unknown, although they may be known (SPEC S6). */
type Denied = WatchList["denied"];

/** The entry of a user whom the room does not know (SPEC S5), as JSON. */
export function unknownMember(id: string): string {
  return JSON.stringify({ id, name: id, status: "offline", connections: 0, lastOnline: null });
}

function entryOf({ list }: ListHolder, id: string, denied: Denied): string {
  return (denied.has(id) ? undefined : list.member(id)) ?? unknownMember(id);
}

/** A window as JSON, in the shape of a room's snapshot (SPEC S4). */
export function windowSnapshot(
  room: string,
  holder: ListHolder,
  window: Window,
  denied: Denied,
): string {
  const { state, online, connections } = holder.list;
  const { epoch, version } = state;
  const head = JSON.stringify({ type: "snapshot", room, epoch, version, online, connections });
  const members = shownBy(window)
    .toSorted()
    .map((id) => entryOf(holder, id, denied));
  return `${head.slice(0, -1)},"members":[${members.join()}]}`;
}

/** The delta from the version that a connection holds to this one, as JSON. */
export function windowDelta(
  holder: ListHolder,
  from: number,
  { set, gone }: WindowChange,
  denied: Denied,
): string {
  const { state, online, connections } = holder.list;
  const { epoch, version } = state;
  const head = JSON.stringify({ type: "delta", epoch, from, version, online, connections });
  const members = set.map((id) => entryOf(holder, id, denied));
  return `${head.slice(0, -1)},"set":[${members.join()}],"gone":${JSON.stringify(gone)}}`;
}
