import type { Data, Member, Status } from "../../../protocol/messages.ts";
import type { RoomLimits } from "../../config/config.ts";
import type { SessionUser } from "../../session/session.ts";
import { toStored, type Place } from "./place.ts";

export interface Profile {
  name: string;
  image?: string;
}

/** All that a room keeps of a member: one row. Times are milliseconds since 1970. */
export interface MemberRecord {
  readonly id: string;
  /** The room's version at the last change that others saw. */
  version: number;
  profile: Profile;
  /** When the session of `profile` was issued (SPEC M6). */
  issuedAt: number;
  /** A newer profile that came while they are hidden, shown when they show themselves (SPEC M3). */
  unseen: Profile | null;
  chosen: Status | null;
  data: Data | null;
  places: Place[];
  /**
   * When their last connection ended, or when they chose to be offline. `null` if none has ended
   * yet, and if the entry has left the list while a connection lives (SPEC M3).
   */
  lastOnline: number | null;
  /**
   * The newest stamp that the user's object admitted them with; 0 for none. It identifies the list
   * entry that they leave.
   */
  stamp: number;
  /**
   * The time that `chosen` and `data` count by in a large room (SPEC N6); 0 in any other, and before the
   * first choice.
   */
  choseAt: number;
}

/** The changes that a client may make to its member; absent keys keep their values (SPEC W8). */
export interface MemberUpdate {
  status?: Status | null | undefined;
  data?: Data | null | undefined;
}

/** The initial values of a place. */
export interface NewPlace {
  idle?: boolean | undefined;
  /** For a lease: when it ends, in milliseconds. */
  leasedUntil?: number;
  /** The number of connections that only watch: they count towards the limits, too (SPEC S1). */
  watching?: { byUser?: number; inRoom?: number };
}

/** Whether a value is a valid `Date` in milliseconds since 1970. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

/** Whether others see them as present (SPEC M1, M3). */
export function isPresent(record: MemberRecord): boolean {
  return record.places.length > 0 && record.chosen !== "offline";
}

/** Whether they are on the list. */
export function isListed(record: MemberRecord): boolean {
  return isPresent(record) || isRemembered(record);
}

/** Whether they are on the list as offline, in fact or by choice. */
export function isRemembered(record: MemberRecord): boolean {
  return record.lastOnline !== null && !isPresent(record);
}

/** The number of connections that others see: 0 while they are hidden (SPEC M3). */
export function shownConnections(record: MemberRecord): number {
  return isPresent(record) ? record.places.length : 0;
}

function statusOf(record: MemberRecord): Status {
  if (!isPresent(record)) return "offline";
  if (record.chosen !== null) return record.chosen;
  return record.places.some((place) => !place.idle) ? "online" : "away";
}

/** The member as everybody sees them (SPEC R4). */
export function memberOf(record: MemberRecord): Member {
  const present = isPresent(record);
  return {
    id: record.id,
    ...record.profile,
    status: statusOf(record),
    connections: shownConnections(record),
    lastOnline:
      present || record.lastOnline === null ? null : new Date(record.lastOnline).toISOString(),
    ...(present && record.data && { data: record.data }),
  };
}

/** Storage keeps only well-formed text, so a restart would change any other. */
function profileOf({ id, name = id, image }: SessionUser): Profile {
  return { name: name.toWellFormed(), ...(image && { image: image.toWellFormed() }) };
}

/** A new member, with no connection yet. */
export function newRecord(user: SessionUser, issuedAt: number): MemberRecord {
  return {
    id: user.id,
    version: 0,
    profile: profileOf(user),
    issuedAt,
    unseen: null,
    chosen: null,
    data: null,
    places: [],
    lastOnline: null,
    stamp: 0,
    choseAt: 0,
  };
}

/** Sets name and picture, unless they come from an older session (SPEC M6). */
export function applyProfile(record: MemberRecord, user: SessionUser, issuedAt: number): void {
  if (issuedAt < record.issuedAt) return;
  record.issuedAt = issuedAt;
  if (record.chosen === "offline") record.unseen = profileOf(user);
  else record.profile = profileOf(user);
}

/** Whether a session has another name or picture than the newest so far. */
export function hasNewProfile(record: MemberRecord, user: SessionUser): boolean {
  return JSON.stringify(profileOf(user)) !== JSON.stringify(record.unseen ?? record.profile);
}

/** Chooses a status; `offline` hides the member, any other shows them again (SPEC M3). */
export function choose(record: MemberRecord, status: Status | null, now: number): void {
  if (status === record.chosen) return;
  if (status === "offline") {
    record.lastOnline = now;
    record.data = null;
  } else if (record.chosen === "offline") {
    record.profile = record.unseen ?? record.profile;
    record.unseen = null;
  }
  record.chosen = status;
}

/** The place in its grace period that was lost first: the next connection takes it over (SPEC L4). */
export function firstLost(record: MemberRecord): Place | undefined {
  const lost = record.places.filter((place) => place.lostAt !== null);
  return lost.toSorted((a, b) => a.lostAt! - b.lostAt!)[0];
}

/** Ends a connection; `endedAt` is when it was last known to live (SPEC R4, M5). */
export function endPlace(record: MemberRecord, place: Place, endedAt: number): void {
  record.places = record.places.filter((other) => other !== place);
  if (record.chosen !== "offline") {
    record.lastOnline = Math.max(record.lastOnline ?? endedAt, endedAt);
  }
  if (record.places.length === 0) record.data = null;
}

/** When a live place ends by itself: only a lease does. */
function endOfLease({ lostAt, leasedUntil }: Place): number {
  return lostAt === null ? (leasedUntil ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

/** A lease that was not renewed in time (SPEC P1). */
export function endedLease(record: MemberRecord, now: number): Place | undefined {
  return record.places.find((place) => endOfLease(place) <= now);
}

/** When the first grace period of a member ends; `Infinity` for none. */
export function graceEnd({ places }: MemberRecord, graceMs: number): number {
  let end = Number.POSITIVE_INFINITY;
  for (const { lostAt } of places) if (lostAt !== null) end = Math.min(end, lostAt + graceMs);
  return end;
}

/** When anything else is due for a member: the end of a lease, or of the retention. */
export function dueAt(record: MemberRecord, { retentionMs }: RoomLimits): number {
  let due = retentionEnd(record, retentionMs);
  for (const place of record.places) due = Math.min(due, endOfLease(place));
  return due;
}

/**
 * What is stored of a member, to compare. When the profile's session was issued is not worth a row:
 * it is stored with the next change.
 */
export function storedText(record: MemberRecord): string {
  const { version, profile, unseen, chosen, data, places, lastOnline, stamp, choseAt } = record;
  const choice = [chosen, data, choseAt];
  const stored = [version, profile, unseen, choice, toStored(places), lastOnline, stamp];
  return JSON.stringify(stored);
}

function retentionEnd(record: MemberRecord, retentionMs: number): number {
  if (isPresent(record)) return Number.POSITIVE_INFINITY;
  if (record.lastOnline !== null) return record.lastOnline + retentionMs;
  return record.places.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * Does one thing that is due for a member: ends the first grace period that is over, or removes the
 * entry from the list. A member with neither place nor entry is then forgotten (SPEC L4, L5).
 */
export function settle(record: MemberRecord, limits: RoomLimits, now: number): void {
  const lost = firstLost(record);
  if (lost && lost.lostAt! + limits.graceMs <= now) endPlace(record, lost, lost.lostAt!);
  else if (retentionEnd(record, limits.retentionMs) <= now) record.lastOnline = null;
}
