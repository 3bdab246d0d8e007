import type { Member } from "../../../../src/protocol/messages.ts";
import type { Changes } from "../../../../src/server/room/members/changes.ts";
import type { MemberRecord } from "../../../../src/server/room/members/member.ts";
import { fromStored, toStored } from "../../../../src/server/room/members/place.ts";
import { Roster } from "../../../../src/server/room/members/roster.ts";
import type { RoomSession } from "../../../../src/server/session/room-session.ts";

export const LIMITS = {
  maxConnectionsPerUser: 3,
  maxConnectionsPerRoom: 4,
  maxRemembered: 1_000,
  staleMs: 45_000,
  graceMs: 8_000,
  retentionMs: 60_000,
};

export function newRoster(limits = LIMITS): Roster {
  return new Roster(limits, { epoch: "first", floor: 0, records: [] });
}

export function sessionOf(id: string, more: Partial<RoomSession> = {}): RoomSession {
  return { user: { id }, roles: [], issuedAt: 0, expiresAt: 1e9, ...more };
}

export const refTo = (user: string, connection: string) => ({ user, connection });

/** A member as others see them. */
export function shownIn(roster: Roster, id: string): Member | null {
  const json = roster.list.member(id);
  return json === undefined ? null : (JSON.parse(json) as Member);
}

/** When a member was last online, in milliseconds. */
export function lastOnlineIn(roster: Roster, id: string): number | null {
  const at = shownIn(roster, id)?.lastOnline;
  return at ? Date.parse(at) : null;
}

/** What is to be stored and sent since the last call. */
export function takeChanges(roster: Roster): Changes {
  const taken: Changes[] = [];
  roster.passChanges((changes) => taken.push(changes));
  return taken[0]!;
}

/** The roster as a start finds it, of which `saved` was stored. */
export function startAgain(
  saved: readonly MemberRecord[],
  { floor = 0, limits = LIMITS } = {},
): Roster {
  const records = saved.map((record) => ({
    ...record,
    places: fromStored(JSON.parse(JSON.stringify(toStored(record.places)))),
  }));
  return new Roster(limits, { epoch: "first", floor, records });
}
