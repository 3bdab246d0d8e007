import type { LeaseSession } from "./lease-session.ts";

/** One of a member's connections: live, or lost and in its grace period (SPEC L4). */
export interface Place {
  /** Empty for a socket's place after a start, until the socket is found again. */
  connection: string;
  idle: boolean;
  /** When it was lost, in milliseconds since 1970; `null` while it lives. */
  lostAt: number | null;
  /** Whether its loss is noted on a live socket, and not stored (see {@link Losses}). */
  isNoted?: boolean;
  /** For a lease: when it ends unless it is renewed (SPEC P1). */
  leasedUntil?: number;
  /** For a lease: the session behind it; a lease made by 0.1.0 may have none. */
  session?: LeaseSession;
}

/**
 * A place as it is stored. Of a socket, only whether it is idle: live sockets know their own names,
 * so a page that follows another changes nothing that is stored. 0.1.0 stored a socket's name, too.
 */
export type StoredPlace = "active" | "idle" | (Omit<Place, "connection"> & { connection?: string });

/** Whether a place is stored like that of a live socket. */
function isStoredAsLive({ lostAt, leasedUntil, isNoted }: Place): boolean {
  return leasedUntil === undefined && (lostAt === null || isNoted === true);
}

/** The stored form of places; sockets that differ only in name or order have the same one. */
export function toStored(places: readonly Place[]): StoredPlace[] {
  const active: StoredPlace[] = [];
  const idle: StoredPlace[] = [];
  const others: StoredPlace[] = [];
  for (const place of places) {
    if (!isStoredAsLive(place)) others.push(toStoredWhole(place));
    else if (place.idle) idle.push("idle");
    else active.push("active");
  }
  return [...active, ...idle, ...others];
}

function toStoredWhole({ connection, idle, lostAt, leasedUntil, session }: Place): StoredPlace {
  if (leasedUntil === undefined) return { idle, lostAt };
  return { connection, idle, lostAt, leasedUntil, ...(session && { session }) };
}

/** Restores places; the sockets' are found again by {@link bindSockets}. */
export function fromStored(stored: readonly StoredPlace[]): Place[] {
  return stored.map((place) => {
    if (typeof place === "string") return { connection: "", idle: place === "idle", lostAt: null };
    const { connection = "" } = place;
    return { ...place, connection: place.leasedUntil === undefined ? "" : connection };
  });
}

/** A live socket of a member. */
export interface MemberSocket {
  readonly id: string;
  readonly isIdle: boolean;
}

/** Whether a place is that of a socket that has not been found again. */
function isUnbound({ connection, lostAt }: Place): boolean {
  return connection === "" && lostAt === null;
}

/**
 * Gives the stored places of sockets to those that are live. Returns the places that are left, whose
 * sockets are gone, and the sockets that are left, which happens only if storage was damaged.
 */
export function bindSockets(
  places: readonly Place[],
  live: Iterable<MemberSocket>,
): { gone: Place[]; homeless: MemberSocket[] } {
  const gone = places.filter(isUnbound);
  const homeless: MemberSocket[] = [];
  for (const socket of live) {
    const place = gone.find(({ idle }) => idle === socket.isIdle) ?? gone[0];
    if (place === undefined) {
      homeless.push(socket);
      continue;
    }
    place.connection = socket.id;
    if (gone.length === 1) gone.pop();
    else gone.splice(gone.indexOf(place), 1);
  }
  return { gone, homeless };
}
