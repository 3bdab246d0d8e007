import type { Status } from "../../protocol/messages.ts";
import type { MemberView } from "../room/room-object.ts";

/** A view as JSON: `lastOnline` is ISO 8601. */
export interface ShownView extends Omit<MemberView, "lastOnline"> {
  lastOnline: string | null;
}

/** A user over all rooms; `status` is `null` if it is not known (SPEC B4). */
export interface UserView extends Omit<ShownView, "status"> {
  status: Status | null;
}

/** Where a user is. */
export interface Whereabouts extends UserView {
  rooms: ({ room: string } & ShownView)[];
}

/** The view of a user whose object did not answer. */
export const UNKNOWN: UserView = { status: null, connections: 0, lastOnline: null };

const BY_WEIGHT: readonly Status[] = ["busy", "online", "away"];

/** The strongest of these statuses (SPEC B4). */
export function strongestOf(statuses: readonly Status[]): Status {
  return BY_WEIGHT.find((status) => statuses.includes(status)) ?? "offline";
}

const timeOf = (time: number | null) => (time === null ? null : new Date(time).toISOString());

/**
 * Merges what each room says of a user; a room in which they appear offline does not count (SPEC B4,
 * M3). `lastSeen` is when they were last seen in rooms that they left. `isComplete` says whether every
 * room has answered: if none shows the user, one that has not may.
 *
 * @example
 * const views = [{ room: "lobby", status: "away", connections: 1, lastOnline: null }];
 * mergeViews(views, { lastSeen: null, isComplete: true }).status; // "away"
 */
export function mergeViews(
  views: readonly ({ room: string } & MemberView)[],
  { lastSeen, isComplete }: { lastSeen: number | null; isComplete: boolean },
): Whereabouts {
  const present = views.filter(({ status }) => status !== "offline");
  if (present.length === 0 && !isComplete) return { ...UNKNOWN, rooms: [] };
  const last = views.reduce(
    (latest, { lastOnline }) =>
      latest === null || (lastOnline ?? 0) > latest ? lastOnline : latest,
    lastSeen,
  );
  return {
    status: strongestOf(present.map(({ status }) => status)),
    connections: present.reduce((sum, { connections }) => sum + connections, 0),
    lastOnline: present.length > 0 ? null : timeOf(last),
    rooms: present
      .map(({ room, status, connections, lastOnline }) => {
        return { room, status, connections, lastOnline: timeOf(lastOnline) };
      })
      .toSorted((a, b) => (a.room < b.room ? -1 : 1)),
  };
}
