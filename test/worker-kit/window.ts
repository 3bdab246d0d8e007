import type { Member, Snapshot } from "../../src/protocol/messages.ts";
import { askAs } from "./http.ts";
import { join, type Frame, type JoinOptions, type Peer } from "./peer.ts";

/** A window's entry for a user whom the room does not know. */
export const unknown = (id: string): Member => ({
  id,
  name: id,
  status: "offline",
  connections: 0,
  lastOnline: null,
});

/** Opens a window as a watcher, with no others unless `query` says so. */
export function openWindow(
  room: string,
  user: string,
  { query = "?present=false&view=window&limit=0", ...options }: JoinOptions = {},
): Promise<Peer> {
  return join(room, user, { query, ...options });
}

/** Reads a window of a room as a user who is not in it. */
export async function readWindow(room: string, query: string, user = "reader"): Promise<Snapshot> {
  const answer = await askAs(user, `/rooms/${room}?${query}`);
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The ids that a peer's roll shows. */
export const shownTo = (peer: Peer) => peer.roll!.members.map(({ id }) => id);

/** Waits until a peer's roll is as expected. */
export async function untilShown(peer: Peer, isWanted: (roll: Peer["roll"]) => boolean) {
  await peer.until(() => peer.roll !== null && isWanted(peer.roll));
}

/** Frames of one type that a peer got. */
export function framesOf(peer: Peer, type: string): Frame[] {
  return peer.frames.filter((frame) => frame !== "pong" && frame.type === type);
}

/**
 * Waits for everything sent to a peer before; a frame that changes nothing is acknowledged after
 * it.
 */
export const settle = (peer: Peer) => peer.ask({ type: "alive", n: 0 });
