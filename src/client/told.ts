import type { Member } from "../protocol/messages.ts";
import type { RoomEvents } from "./types.ts";

/** What listeners hear of: those of `subscribe` that the state has changed. */
export interface Heard extends RoomEvents {
  state: [];
}

/** One thing that listeners hear of. */
export type Told = { [Name in keyof Heard]: [name: Name, ...told: Heard[Name]] }[keyof Heard];

/** Calls whoever listens. */
export type Tell = (...told: Told) => void;

const isHere = (member?: Member) => (member?.status ?? "offline") !== "offline";

/** Adds to `told` what others hear of a member who changed, or came to the list, or left it. */
export function tellOf(told: Told[], before?: Member, now?: Member): void {
  if (isHere(before) !== isHere(now)) {
    told.push([isHere(now) ? "join" : "leave", (now ?? before)!]);
  } else if (before && now) told.push(["change", now, before]);
}
