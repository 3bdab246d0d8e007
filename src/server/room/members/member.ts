import type { Data, Member, Status } from "../../../protocol/messages.ts";
import type { RoomLimits } from "../../config/config.ts";
import type { SessionUser } from "../../session/session.ts";
import type { LeaseSession } from "./lease-session.ts";

/** One of a member's connections: live, or lost and keeping its place for the grace (SPEC L4). */
export interface Place {
  connection: string;
  idle: boolean;
  /** When it was lost, in milliseconds since 1970; `null` while it lives. */
  lostAt: number | null;
  /** Of a lease: when it ends unless it is renewed (SPEC P1). */
  leasedUntil?: number;
  /** Of a lease: the session that it is held by; one that 0.1.0 made may have none. */
  session?: LeaseSession;
}

export interface Profile {
  name: string;
  image?: string;
}

/** All that a room keeps of a member, one row of its storage. Times are milliseconds since 1970. */
export interface MemberRecord {
  readonly id: string;
  /** The room's version when others last saw this member change. */
  version: number;
  profile: Profile;
  /** When the session was issued that `profile` comes from (SPEC M6). */
  issuedAt: number;
  /** A newer profile that came while they appear offline, shown when they show themselves (SPEC M3). */
  unseen: Profile | null;
  chosen: Status | null;
  data: Data | null;
  places: Place[];
  /**
   * The end of their last connection so far, or when they chose to be offline. `null` before the
   * first end, and where the entry has left the list while a connection lives (SPEC M3).
   */
  lastOnline: number | null;
  /** The newest that their user's object admitted them with, 0 for none: it tells what they left. */
  stamp: number;
}

/** What a client may change of its member; absent keys stay as they are (SPEC W8). */
export interface MemberUpdate {
  status?: Status | null | undefined;
  data?: Data | null | undefined;
}

/** What a connection may begin with. */
export interface NewPlace {
  idle?: boolean | undefined;
  /** When it ends, where it is a lease, in milliseconds. */
  leasedUntil?: number;
}

/** Whether it is a time that can be written as a date, in milliseconds since 1970. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

/** Whether others see them in the room (SPEC M1, M3). */
export function isPresent(record: MemberRecord): boolean {
  return record.places.length > 0 && record.chosen !== "offline";
}

/** Whether they are on the list at all. */
export function isListed(record: MemberRecord): boolean {
  return isPresent(record) || isRemembered(record);
}

/** Whether they are on the list as offline, in fact or by choice. */
export function isRemembered(record: MemberRecord): boolean {
  return record.lastOnline !== null && !isPresent(record);
}

/** The connections that others see: none while they appear offline (SPEC M3). */
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

/** Storage holds well-formed text alone: what a restart would change must not be shown before it. */
function profileOf({ id, name = id, image }: SessionUser): Profile {
  return { name: name.toWellFormed(), ...(image && { image: image.toWellFormed() }) };
}

/** A member nobody has seen before, with no connection yet. */
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
  };
}

/** Takes over name and picture, unless an older session tells them (SPEC M6). */
export function applyProfile(record: MemberRecord, user: SessionUser, issuedAt: number): void {
  if (issuedAt < record.issuedAt) return;
  record.issuedAt = issuedAt;
  if (record.chosen === "offline") record.unseen = profileOf(user);
  else record.profile = profileOf(user);
}

/** Whether a session tells another name or picture than the newest so far. */
export function hasNewProfile(record: MemberRecord, user: SessionUser): boolean {
  return JSON.stringify(profileOf(user)) !== JSON.stringify(record.unseen ?? record.profile);
}

/** Chooses a status; to be offline is to leave the others' sight, anything else to come back (SPEC M3). */
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

/** The place in its grace that was lost first: the next connection takes it over (SPEC L4). */
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

/** When a place that lives ends by itself; only a lease does. */
function leaseEnd({ lostAt, leasedUntil }: Place): number {
  return lostAt === null ? (leasedUntil ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

/** A lease that was not renewed in time (SPEC P1). */
export function endedLease(record: MemberRecord, now: number): Place | undefined {
  return record.places.find((place) => leaseEnd(place) <= now);
}

/** When something falls due for a member: the end of a grace, of a lease, or of the retention. */
export function dueAt(record: MemberRecord, { graceMs, retentionMs }: RoomLimits): number {
  let due = retentionEnd(record, retentionMs);
  for (const place of record.places) {
    due = Math.min(due, place.lostAt === null ? leaseEnd(place) : place.lostAt + graceMs);
  }
  return due;
}

function retentionEnd(record: MemberRecord, retentionMs: number): number {
  if (isPresent(record)) return Number.POSITIVE_INFINITY;
  if (record.lastOnline !== null) return record.lastOnline + retentionMs;
  return record.places.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * Does what is due for a member, once: ends the first grace that is over, else takes the entry off
 * the list. A member that has neither place nor entry afterwards is to be forgotten (SPEC L4, L5).
 */
export function settle(record: MemberRecord, limits: RoomLimits, now: number): void {
  const lost = firstLost(record);
  if (lost && lost.lostAt! + limits.graceMs <= now) endPlace(record, lost, lost.lostAt!);
  else if (retentionEnd(record, limits.retentionMs) <= now) record.lastOnline = null;
}
