import type { Member } from "../protocol/messages.ts";
import type { RoomEvents } from "./types.ts";

/** What listeners hear of: those of `subscribe` that the state has changed. */
export interface ListenerEvents extends RoomEvents {
  state: [];
  /** Whoever watches somebody is to add their ids. */
  watched: [ids: string[]];
}

/** One thing that listeners hear of. */
export type Emitted = {
  [Name in keyof ListenerEvents]: [name: Name, ...emitted: ListenerEvents[Name]];
}[keyof ListenerEvents];

/** Calls whoever listens. */
export type Emit = (...emitted: Emitted) => void;

const isHere = (member?: Member) => (member?.status ?? "offline") !== "offline";

/** Adds to `emitted` what others hear of a member who changed, or came to the list, or left it. */
export function addEvents(emitted: Emitted[], before?: Member, now?: Member): void {
  if (isHere(before) !== isHere(now)) {
    emitted.push([isHere(now) ? "join" : "leave", (now ?? before)!]);
  } else if (before && now) emitted.push(["change", now, before]);
}
