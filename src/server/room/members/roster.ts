import type { Status } from "../../../protocol/messages.ts";
import type { RoomLimits } from "../../config/config.ts";
import type { RoomSession } from "../room-request.ts";
import { ChangeLog, type Changes, type ConnectionRef } from "./changes.ts";
import { leaseEnd, leaseSessionOf, takesOver } from "./lease-session.ts";
import { List, type ReadonlyList } from "./list.ts";
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
import type { MemberRecord, MemberUpdate, NewPlace, Place } from "./member.ts";
import type { SavedRoster } from "../storage/store.ts";

/**
 * Who is in the room: members, their connections, and the versions of what others see of them
 * (SPEC M, V, and of L the grace and retention). It knows neither sockets nor storage nor clocks:
 * `now` comes in, in milliseconds, and {@link passChanges} tells what to store and to broadcast.
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

  constructor(limits: RoomLimits, saved: SavedRoster) {
    this.#limits = limits;
    this.#list = new List(saved);
    this.#members = new Members(limits, saved.records, this.#list, this.#changes);
  }

  /** What others see. */
  get list(): ReadonlyList {
    return this.#list;
  }

  /** When the next grace, lease or retention ends; `Infinity` where none runs. */
  get dueAt(): number {
    return this.#members.dueAt;
  }

  /** How many members are known, those who are offline included. */
  get size(): number {
    return this.#members.size;
  }

  /** The status a member chose, `null` for none. */
  chosenBy(user: string): Status | null {
    return this.#members.get(user)?.chosen ?? null;
  }

  /** What is kept of a member; it must not be changed. */
  find(user: string): Readonly<MemberRecord> | undefined {
    return this.#members.get(user);
  }

  /** Whether a user has a place, if only one in its grace. */
  isHere(user: string): boolean {
    return (this.#members.get(user)?.places.length ?? 0) > 0;
  }

  /** The newest that a user was admitted with, as far as it is known; 0 for nothing. */
  stampOf(user: string): number {
    const departed = this.#changes.departureOf(user)?.stamp ?? 0;
    return Math.max(this.#members.get(user)?.stamp ?? 0, departed);
  }

  /** Why one more connection of a user is too many; `null` where it is not (SPEC A6). */
  refuses(
    user: string,
    { byUser = 0, inRoom = 0 }: NewPlace["watching"] = {},
  ): "too_many_connections" | "room_full" | null {
    const { maxConnectionsPerUser, maxConnectionsPerRoom } = this.#limits;
    const places = this.#members.get(user)?.places.length ?? 0;
    if (places + byUser >= maxConnectionsPerUser) return "too_many_connections";
    return this.#members.places + inRoom >= maxConnectionsPerRoom ? "room_full" : null;
  }

  /** Whether a user's connection has its place and is not lost. */
  holds(ref: ConnectionRef): boolean {
    return this.#placeOf(ref)?.lostAt === null;
  }

  /** Whose a lease is; `null` for one that is none. */
  ownerOfLease(connection: string): string | null {
    return this.#members.ownerOfLease(connection);
  }

  /**
   * Adds a connection, in the place of one in its grace where there is one (SPEC A6, L4); a lease
   * with the time of its end (SPEC P1).
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
   * Renews a lease, which a newer session takes over, and with it the profile (SPEC P1, T3); answers
   * when it ends.
   */
  renewLease(now: number, ref: ConnectionRef, session: RoomSession): number {
    const place = this.#placeOf(ref);
    const held = place?.session;
    const isTaken = takesOver(session, held);
    const inForce = isTaken || held === undefined ? leaseSessionOf(session) : held;
    const sessionEndsAt = inForce.expiresAt ?? session.expiresAt;
    const leasedUntil = leaseEnd(now, this.#limits.staleMs, sessionEndsAt);
    // Not worth a row where the id is the same: the older one ends by each revocation of the newer.
    if (place && held?.id === inForce.id) place.session = inForce;
    this.#changePlace(now, ref, (changed) => {
      changed.leasedUntil = leasedUntil;
      changed.session = inForce;
    });
    if (isTaken) this.renew(now, session);
    return leasedUntil;
  }

  /** Takes over name and picture of a newer session (SPEC M6, T3). */
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

  /** Notes what a member was admitted with anew, whatever becomes of the session. */
  noteAdmission(now: number, { user, admission }: Pick<RoomSession, "user" | "admission">): void {
    const record = this.#members.get(user.id);
    const stamp = admission?.stamp ?? 0;
    if (!record || stamp <= record.stamp) return;
    this.#members.change(now, record, () => {
      record.stamp = stamp;
    });
  }

  /** Changes what a member chose and their data; tells whether the choice is another now. */
  update(now: number, user: string, { status, data }: MemberUpdate): boolean {
    const record = this.#members.get(user);
    if (!record) return false;
    const { chosen } = record;
    this.#members.change(now, record, () => {
      if (status !== undefined) choose(record, status, now);
      if (data !== undefined && isPresent(record)) record.data = data;
    });
    return record.chosen !== chosen;
  }

  /** Tells whether the person is at a connection (SPEC W9). */
  idle(now: number, ref: ConnectionRef, idle: boolean): void {
    this.#changePlace(now, ref, (place) => {
      place.idle = idle;
    });
  }

  /** Ends a connection with no grace; `endedAt` is its last sign of life (SPEC R4), where that is known. */
  end(now: number, ref: ConnectionRef, endedAt: number): void {
    const lastOnline = isTime(endedAt) ? endedAt : now;
    this.#changePlace(now, ref, (place, record) => endPlace(record, place, lastOnline));
  }

  /** Ends all places of a user, or those that `isMeant`, with no grace. */
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

  /** Starts the grace of a connection that was lost (SPEC L4); a second loss changes nothing. */
  lose(now: number, ref: ConnectionRef): void {
    this.#changePlace(now, ref, (place) => {
      place.lostAt ??= now;
    });
  }

  /** Loses every connection that had a socket and has none, as after a restart (SPEC L6); answers them. */
  reconcile(now: number, live: ReadonlySet<string>): ConnectionRef[] {
    const lost: ConnectionRef[] = [];
    for (const { id: user, places } of this.#members) {
      for (const { connection, lostAt, leasedUntil } of places) {
        const isCut = lostAt === null && leasedUntil === undefined && !live.has(connection);
        if (isCut) lost.push({ user, connection });
      }
    }
    for (const ref of lost) this.lose(now, ref);
    return lost;
  }

  /** Who has no place, and may have lost the last one after `time`; of who hid that is not known. */
  departedSince(time: number): Pick<MemberRecord, "id" | "stamp">[] {
    return [...this.#members].filter(
      ({ places, stamp, chosen, lastOnline }) =>
        stamp > 0 && places.length === 0 && (chosen === "offline" || (lastOnline ?? time) > time),
    );
  }

  /** Does all that is due: ends graces, takes old entries off the list, forgets (SPEC L4, L5, M3). */
  advance(now: number): void {
    this.#members.advance(now);
  }

  /** Whether {@link passChanges} has anything to hand over. */
  get isChanged(): boolean {
    return !this.#changes.isEmpty;
  }

  /** Hands over what changed since the last call that went well; where `take` throws, it is kept. */
  passChanges(take: (changes: Changes) => void): void {
    this.#changes.pass(take);
  }

  #placeOf({ user, connection }: ConnectionRef): Place | undefined {
    const places = this.#members.get(user)?.places;
    return places?.find((place) => place.connection === connection);
  }

  #changePlace(
    now: number,
    ref: ConnectionRef,
    mutate: (place: Place, record: MemberRecord) => void,
  ): void {
    const record = this.#members.get(ref.user);
    const place = this.#placeOf(ref);
    if (record && place) this.#members.change(now, record, () => mutate(place, record));
  }
}
