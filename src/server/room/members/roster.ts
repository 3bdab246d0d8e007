import type { Status } from "../../../protocol/messages.ts";
import type { RoomLimits } from "../../config/config.ts";
import type { RoomSession } from "../../session/room-session.ts";
import { isNews, takeOver, type Adopted } from "./adopted.ts";
import { ChangeLog, type Changes, type ConnectionRef } from "./changes.ts";
import { leaseSessionOf, renewedLease } from "./lease-session.ts";
import { List, type ReadonlyList } from "./list.ts";
import { Losses } from "./losses.ts";
import { Members } from "./members.ts";
import {
  applyProfile,
  choose,
  endPlace,
  firstLost,
  hasNewProfile,
  isPresent,
  isTime,
  newRecord,
} from "./member.ts";
import type { MemberRecord, MemberUpdate, NewPlace } from "./member.ts";
import type { Place } from "./place.ts";
import type { SavedRoster } from "../storage/store.ts";

/**
 * Who is in the room: members, their connections, and the versions of the list that others see (SPEC
 * M, V, and of L the grace period and retention). It knows neither sockets nor storage nor clocks:
 * `now` comes in, in milliseconds, and {@link passChanges} hands over what to store and broadcast.
 *
 * @example
 * const roster = new Roster(limits, { epoch, floor: 0, records: [] });
 * roster.join(now, joiner, connection);
 * roster.passChanges(({ visible }) => console.log([...visible.keys()])); // [joiner.user.id]
 */
export class Roster {
  readonly #limits: RoomLimits;
  readonly #members: Members;
  readonly #list: List;
  readonly #changes = new ChangeLog();
  readonly losses: Losses;

  constructor(limits: RoomLimits, saved: SavedRoster) {
    this.#limits = limits;
    this.#list = new List(saved);
    this.#members = new Members(limits, saved.records, this.#list, this.#changes);
    this.losses = new Losses(this.#members);
  }

  /** What others see. */
  get list(): ReadonlyList {
    return this.#list;
  }

  /** When the next grace period, lease or retention ends; `Infinity` for none. */
  get dueAt(): number {
    return this.#members.dueAt;
  }

  /** The number of known members, including those who are offline. */
  get size(): number {
    return this.#members.size;
  }

  /** The status a member chose, `null` for none. */
  chosenBy(user: string): Status | null {
    return this.#members.get(user)?.chosen ?? null;
  }

  /** The record of a member; do not change it. */
  find(user: string): Readonly<MemberRecord> | undefined {
    return this.#members.get(user);
  }

  /** Whether a user has a place, if only one in its grace period. */
  isHere(user: string): boolean {
    return (this.#members.get(user)?.places.length ?? 0) > 0;
  }

  /** Whether others see a user as present (SPEC M3). */
  isShown(user: string): boolean {
    const record = this.#members.get(user);
    return record !== undefined && isPresent(record);
  }

  /** The newest known stamp that a user was admitted with; 0 for none. */
  stampOf(user: string): number {
    const departed = this.#changes.departureOf(user)?.stamp ?? 0;
    return Math.max(this.#members.get(user)?.stamp ?? 0, departed);
  }

  /** Why a user may not have one more connection; `null` if they may (SPEC A6). */
  refuses(
    user: string,
    { byUser = 0, inRoom = 0 }: NewPlace["watching"] = {},
  ): "too_many_connections" | "room_full" | null {
    const { maxConnectionsPerUser, maxConnectionsPerRoom } = this.#limits;
    const places = this.#members.get(user)?.places.length ?? 0;
    if (places + byUser >= maxConnectionsPerUser) return "too_many_connections";
    return this.#members.places + inRoom >= maxConnectionsPerRoom ? "room_full" : null;
  }

  /** Whether a user's connection has a place and is not lost. */
  holds(ref: ConnectionRef): boolean {
    return this.#placeOf(ref)?.lostAt === null;
  }

  /** The user who holds a lease; `null` if there is no such lease. */
  ownerOfLease(connection: string): string | null {
    return this.#members.ownerOfLease(connection);
  }

  /**
   * Adds a connection; it takes over a place in its grace period if there is one (SPEC A6, L4). A
   * lease comes with the time of its end (SPEC P1).
   */
  join(
    now: number,
    session: Omit<RoomSession, "roles">,
    connection: string,
    { idle = false, leasedUntil, watching }: NewPlace = {},
  ): "joined" | "too_many_connections" | "room_full" {
    const { user, issuedAt, admission } = session;
    const record = this.#members.get(user.id) ?? newRecord(user, issuedAt);
    const lost = firstLost(record);
    const refused = lost ? null : this.refuses(user.id, watching);
    if (refused) return refused;
    this.#members.change(now, record, () => {
      applyProfile(record, user, issuedAt);
      record.stamp = Math.max(record.stamp, admission?.stamp ?? 0);
      record.places = record.places.filter((place) => place !== lost);
      record.places.push({
        connection,
        idle,
        lostAt: null,
        ...(leasedUntil !== undefined && { leasedUntil, session: leaseSessionOf(session) }),
      });
    });
    return "joined";
  }

  /**
   * Renews a lease; a newer session replaces the one behind it, and sets the profile (SPEC P1, T3).
   * Returns when the lease ends.
   */
  renewLease(now: number, ref: ConnectionRef, session: RoomSession): number {
    const place = this.#placeOf(ref);
    const held = place?.session;
    const renewed = renewedLease(now, this.#limits.staleMs, session, held);
    // Not worth a row if the id is the same: a revocation of the newer session ends the older one
    // too.
    if (place && held?.id === renewed.session.id) place.session = renewed.session;
    this.#changePlace(now, ref, (changed) => {
      changed.leasedUntil = renewed.leasedUntil;
      changed.session = renewed.session;
    });
    if (renewed.isTaken) this.renew(now, session);
    return renewed.leasedUntil;
  }

  /** Sets name and picture from a newer session (SPEC M6, T3). */
  renew(now: number, session: Pick<RoomSession, "user" | "issuedAt" | "admission">): void {
    const { user, issuedAt } = session;
    const record = this.#members.get(user.id);
    if (!record) return;
    this.noteAdmission(now, session);
    if (hasNewProfile(record, user)) {
      this.#members.change(now, record, () => applyProfile(record, user, issuedAt));
    } else {
      // Not worth a row: it is stored with the next change.
      record.issuedAt = Math.max(record.issuedAt, issuedAt);
    }
  }

  /** Stores a member's new admission, whether or not its session is used. */
  noteAdmission(now: number, { user, admission }: Pick<RoomSession, "user" | "admission">): void {
    const record = this.#members.get(user.id);
    const stamp = admission?.stamp ?? 0;
    if (!record || stamp <= record.stamp) return;
    this.#members.change(now, record, () => {
      record.stamp = stamp;
    });
  }

  /** Takes over what another shard keeps of a user who is about to join (SPEC N6). */
  adopt(now: number, user: string, kept: Adopted): void {
    const known = this.#members.get(user);
    if (!isNews(kept, known)) return;
    const record = known ?? newRecord({ id: user }, kept.issuedAt);
    this.#members.change(now, record, () => takeOver(record, kept, now));
  }

  /**
   * Changes a member's choice and data, as of `choseAt` in a large room; returns whether the choice
   * changed.
   */
  update(now: number, user: string, { status, data }: MemberUpdate, choseAt = 0): boolean {
    const record = this.#members.get(user);
    if (!record) return false;
    const { chosen } = record;
    this.#members.change(now, record, () => {
      if (status !== undefined || data !== undefined) record.choseAt = choseAt;
      if (status !== undefined) choose(record, status, now);
      if (data !== undefined && isPresent(record)) record.data = data;
    });
    return record.chosen !== chosen;
  }

  /** Sets whether the person is away from a connection (SPEC W9). */
  idle(now: number, ref: ConnectionRef, idle: boolean): void {
    this.#changePlace(now, ref, (place) => {
      place.idle = idle;
    });
  }

  /**
   * Ends a connection with no grace period; `endedAt` is its last sign of life, if known (SPEC R4).
   */
  end(now: number, ref: ConnectionRef, endedAt: number): void {
    const lastOnline = isTime(endedAt) ? endedAt : now;
    const end = (place: Place, record: MemberRecord) => endPlace(record, place, lastOnline);
    this.#changePlace(now, ref, end, this.#closingPlaceOf(ref));
  }

  /** Ends all places of a user, or those that `isMeant`, with no grace period. */
  endAll(now: number, user: string, isMeant: (place: Place) => boolean = () => true): void {
    const places = this.#members.get(user)?.places.filter(isMeant) ?? [];
    for (const { connection } of places) this.end(now, { user, connection }, now);
  }

  /** Forgets a member who has no connection any more, as if they had never been here (SPEC B11). */
  forget(now: number, user: string): void {
    const record = this.#members.get(user);
    if (!record || record.places.length > 0) return;
    this.#members.change(now, record, () => {
      record.lastOnline = null;
    });
  }

  /** Starts the grace period of a lost connection (SPEC L4); a second loss changes nothing. */
  lose(now: number, ref: ConnectionRef): void {
    const record = this.#members.get(ref.user);
    const place = this.#closingPlaceOf(ref);
    // A place without a name was taken for lost at the start, before its socket's close came.
    if (!record || !place || (place.lostAt !== null && place.connection !== "")) return;
    const isNoted = place.leasedUntil === undefined;
    const { connection } = ref;
    const start = () => Object.assign(place, { connection, lostAt: now, isNoted });
    this.#members.change(now, record, start);
    if (isNoted) this.losses.add(now, record, place);
  }

  /**
   * Members without a place who may have lost the last one after `time`. For hidden members the
   * time is unknown, so they are included.
   */
  departedSince(time: number): Pick<MemberRecord, "id" | "stamp">[] {
    return [...this.#members].filter(
      ({ places, stamp, chosen, lastOnline }) =>
        stamp > 0 && places.length === 0 && (chosen === "offline" || (lastOnline ?? time) > time),
    );
  }

  /** Does all that is due: ends grace periods, removes entries, forgets members (SPEC L4, L5, M3). */
  advance(now: number): void {
    this.#members.advance(now);
  }

  /** Whether {@link passChanges} has anything to hand over. */
  get isChanged(): boolean {
    return !this.#changes.isEmpty;
  }

  /** Hands over the changes since the last successful call; if `take` throws, they are kept. */
  passChanges(take: (changes: Changes) => void): void {
    this.#changes.pass(take);
  }

  #placeOf({ user, connection }: ConnectionRef): Place | undefined {
    const places = this.#members.get(user)?.places;
    return places?.find((place) => place.connection === connection);
  }

  /** On some runtimes a socket that closes is not among the room's sockets when the room starts for it. */
  #closingPlaceOf(ref: ConnectionRef): Place | undefined {
    const places = this.#members.get(ref.user)?.places;
    return this.#placeOf(ref) ?? places?.find(({ connection }) => connection === "");
  }

  #changePlace(
    now: number,
    ref: ConnectionRef,
    mutate: (place: Place, record: MemberRecord) => void,
    place = this.#placeOf(ref),
  ): void {
    const record = this.#members.get(ref.user);
    if (record && place) this.#members.change(now, record, () => mutate(place, record));
  }
}
