import type { Delta, ServerFrame } from "../../src/protocol/messages.ts";

/** A version of a room that this page was sent. */
export interface SeenVersion {
  epoch: string;
  version: number;
}

const versions = new Map<string, SeenVersion>();
const told = new Map<string, number>();

const keyOf = (room: string, user: string) => `${room} ${user}`;

/** Notes what a frame from a room says. */
export function noteFrame(room: string, frame: ServerFrame): void {
  if (frame.type !== "snapshot" && frame.type !== "delta") return;
  versions.set(room, { epoch: frame.epoch, version: frame.version });
  if (frame.type === "delta") for (const id of usersOf(frame)) count(keyOf(room, id));
}

function usersOf({ set, gone }: Delta): string[] {
  return [...set.map(({ id }) => id), ...gone];
}

function count(key: string): void {
  told.set(key, (told.get(key) ?? 0) + 1);
}

/** The last version of a room that this page was sent, if any. */
export function versionOf(room: string): SeenVersion | undefined {
  return versions.get(room);
}

/** How many frames about a user this page was sent since it was loaded. */
export function toldAbout(room: string, user: string): number {
  return told.get(keyOf(room, user)) ?? 0;
}
