import type { Member } from "../protocol/messages.ts";
import type { RoomEvents } from "./types.ts";

/** The events for listeners; those of `subscribe` hear that the state has changed. */
export interface ListenerEvents extends RoomEvents {
  state: [];
  /** Each handle that watches adds its ids. */
  watched: [ids: string[]];
}

/** One event for listeners. */
export type Emitted = {
  [Name in keyof ListenerEvents]: [name: Name, ...emitted: ListenerEvents[Name]];
}[keyof ListenerEvents];

/** Calls the listeners. */
export type Emit = (...emitted: Emitted) => void;

const isHere = (member?: Member) => (member?.status ?? "offline") !== "offline";

/** Adds to `emitted` the event for a member who changed, came to the list, or left it. */
export function addEvents(emitted: Emitted[], before?: Member, now?: Member): void {
  if (isHere(before) !== isHere(now)) {
    emitted.push([isHere(now) ? "join" : "leave", (now ?? before)!]);
  } else if (before && now) emitted.push(["change", now, before]);
}
