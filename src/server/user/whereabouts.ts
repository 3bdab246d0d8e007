import type { Status } from "../../protocol/messages.ts";

/** A user as the others in a room see them; `lastOnline` is in milliseconds since 1970. */
export interface Sight {
  status: Status;
  connections: number;
  lastOnline: number | null;
}

/** The same as JSON tells it: `lastOnline` is ISO 8601. */
export interface ShownSight extends Omit<Sight, "lastOnline"> {
  lastOnline: string | null;
}

/** Where a user is, and what is to be said of them over all (SPEC B4). */
export interface Whereabouts extends ShownSight {
  rooms: ({ room: string } & ShownSight)[];
}

/** Who is busy anywhere is not to be disturbed; else they are where they are most. */
const BY_WEIGHT: readonly Status[] = ["busy", "online", "away"];

function show({ status, connections, lastOnline }: Sight): ShownSight {
  return {
    status,
    connections,
    lastOnline: lastOnline === null ? null : new Date(lastOnline).toISOString(),
  };
}

/**
 * Sums up what each room says; whoever appears offline in a room is not in it (SPEC B4, M3).
 * `lastSeen` is when they were seen in rooms that they left.
 *
 * @example
 * sumUp([{ room: "lobby", status: "away", connections: 1, lastOnline: null }], null).status; // "away"
 */
export function sumUp(
  sights: readonly ({ room: string } & Sight)[],
  lastSeen: number | null,
): Whereabouts {
  const present = sights.filter(({ status }) => status !== "offline");
  const seen = [lastSeen, ...sights.map(({ lastOnline }) => lastOnline)];
  const last = Math.max(...seen.map((time) => time ?? Number.NEGATIVE_INFINITY));
  const isSeen = present.length === 0 && last !== Number.NEGATIVE_INFINITY;
  return {
    ...show({
      status: BY_WEIGHT.find((status) => present.some((one) => one.status === status)) ?? "offline",
      connections: present.reduce((sum, { connections }) => sum + connections, 0),
      lastOnline: isSeen ? last : null,
    }),
    rooms: present
      .map(({ room, ...sight }) => ({ room, ...show(sight) }))
      .toSorted((a, b) => (a.room < b.room ? -1 : 1)),
  };
}
