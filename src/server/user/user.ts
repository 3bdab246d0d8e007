import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { inParallel } from "../platform/in-parallel.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../platform/object-call.ts";
import { currentConfig } from "../access/policy.ts";
import { AlarmClock } from "../platform/alarm-clock.ts";
import type { MemberView, RoomEvent } from "../room/room-object.ts";
import type { Admission } from "../session/room-session.ts";
import { roomStub } from "../room/room-stub.ts";
import { tableNames } from "../platform/table-names.ts";
import { within } from "../platform/time-limit.ts";
import { PendingCalls, type PendingCall } from "./pending-calls.ts";
import { Listing, type StampedRoom } from "./listing.ts";
import type { SessionMark } from "./revocation.ts";
import { KEPT_MS, Revocations } from "./revocations.ts";
import { ROOMS_AT_ONCE, Notifier, type ClosedCount } from "./notifier.ts";
import type { UserObject } from "./user-object.ts";
import { mergeViews, type Whereabouts } from "./whereabouts.ts";

/** How often the list is checked against the rooms, to repair what a crash left. */
const CHECK_EVERY_MS = 86_400_000;
/** How often, at most, the rooms of a user who seems to be in too many are checked. */
const CHECK_AGAIN_MS = 10_000;
/** Rooms that have not answered by then are left out of the answer. */
const ROOMS_MS = 2_000;
/** The longest that a caller waits for rooms to close connections; rooms that take longer go on. */
const ANSWER_MS = 3_000;
/** A room that did not answer is called again after this, then after twice as long, and so on. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;
/** Rooms that forget the user are removed from the list together, at most this much later. */
const GATHER_MS = 3_600_000;

/**
 * One user across all rooms: their revocations, the rooms they may be present in, and the rooms that
 * remember them (SPEC B3, B4, B11). It is called only if there is a `SERVER_KEY`. During a gradual
 * deploy an old and a new version call each other: add parameters and keys, never change them.
 */
export class User extends DurableObject<Env> implements UserObject {
  readonly #name: string;
  readonly #listing: Listing;
  readonly #revocations: Revocations;
  readonly #pending: PendingCalls;
  readonly #notifier: Notifier;
  readonly #alarm: AlarmClock;
  readonly #retentionMs: number;
  #clock: number;
  /** How often in a row no room answered a pending call. */
  #failures = 0;
  /** When the list was last checked against the rooms; `null` if not since the object's start. */
  #checkedAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    const tables = tableNames(sql);
    this.#name = ctx.id.name ?? "";
    this.#retentionMs = currentConfig(env).limits.retentionMs;
    this.#listing = new Listing(ctx.storage, tables.has("rooms"));
    this.#revocations = new Revocations(sql, tables.has("revocations"));
    this.#pending = new PendingCalls(sql, tables.has("errands"));
    for (const { session, at } of this.#revocations.takeUntold()) {
      this.#pending.add({ kind: "revoke", session, room: null, at });
    }
    this.#notifier = new Notifier({
      user: this.#name,
      getRoom: (room) => roomStub(this.env, room),
      listing: this.#listing,
      pending: this.#pending,
    });
    this.#clock = Math.max(this.#listing.newest, this.#revocations.newest, this.#pending.newest);
    this.#alarm = new AlarmClock(ctx.storage);
    // A new user has none, and need not wait for the answer.
    if (!this.#isIdle) void ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  /** Whether a session was revoked. */
  isRevoked(mark: SessionMark): boolean {
    return this.#revocations.has(mark);
  }

  /**
   * Lists a room that a session is about to enter, with a stamp above `above`. Returns `null` if the
   * session was revoked, and `"too_many_rooms"` if the user is in `maxRooms` others (SPEC A7). Writes
   * one row if the room is not on the list.
   */
  async admit(
    mark: SessionMark,
    room: string,
    above = 0,
    maxRooms = Number.POSITIVE_INFINITY,
  ): Promise<Admission | "too_many_rooms" | null> {
    const isCrowded = () => this.#listing.stampOf(room) === 0 && this.#listing.size >= maxRooms;
    // Some rooms may be listed that they never got into, or that were lost in a crash.
    const wasChecked = Date.now() - (this.#checkedAt ?? 0) < CHECK_AGAIN_MS;
    if (isCrowded() && !wasChecked) await this.#checkRooms();
    if (this.#revocations.has(mark)) return null;
    if (isCrowded()) return "too_many_rooms";
    if (this.#listing.stampOf(room) <= above) {
      this.#listing.add(room, this.#tick());
      this.#alarm.wakeBy(Date.now() + CHECK_EVERY_MS);
    }
    return { stamp: this.#listing.stampOf(room), at: this.#tick() };
  }

  /** Removes a room that they left from the list, unless they were admitted again; writes one row. */
  left(room: string, stamp: number, lastOnline: number | null): void {
    this.#listing.leave(room, stamp, lastOnline);
    this.#listing.forgetBefore(Date.now() - this.#retentionMs);
    this.#setAlarm();
  }

  /**
   * Revokes one session, or with `null` all that were issued until now. Stores the revocation, then
   * makes the rooms close the connections; returns how many were closed. A room that does not answer
   * is called again.
   */
  revoke(session: string | null): Promise<number> {
    const at = this.#tick();
    this.#revocations.add({ session, at });
    return this.#send({ kind: "revoke", session, room: null, at });
  }

  /** Withdraws all revocations; returns how many. */
  lift(): number {
    this.#pending.dropRevocations();
    return this.#revocations.lift();
  }

  /**
   * Makes every room close the user's connections and forget the user (SPEC B11), and deletes where
   * they were; returns how many connections were closed. A room that does not answer is called again.
   */
  forget(): Promise<number> {
    return this.#send({ kind: "forget", session: null, room: null, at: this.#tick() });
  }

  /**
   * Sends an event to the user's connections in every room (SPEC B11); returns how many they were.
   */
  async deliver(event: Omit<RoomEvent, "to">): Promise<number> {
    const to = { users: [this.#name] };
    // No retry: they might get the event twice.
    const answers = await this.#askRooms(async ({ room }) =>
      roomStub(this.env, room).deliver({ ...event, to }),
    );
    return answers.reduce((sum, { answer }) => sum + answer, 0);
  }

  /** Asks each room on the list how others see the user there, and removes the rooms they are not in. */
  async whereabouts(): Promise<Whereabouts> {
    const { views, isComplete } = await this.#checkRooms();
    this.#listing.forgetBefore(Date.now() - this.#retentionMs);
    return mergeViews(views, { lastSeen: this.#listing.lastOnline, isComplete });
  }

  /** Never fails: the platform gives up an alarm after six failures. */
  override async alarm(): Promise<void> {
    this.#alarm.unset();
    const now = Date.now();
    try {
      this.#revocations.forget(now);
      this.#pending.dropRevocations(now - KEPT_MS);
      this.#listing.forgetBefore(now - this.#retentionMs);
      await this.#runPending();
      if (this.#checkedAt === null || this.#checkDueAt(now) <= now) await this.#checkRooms();
    } catch (error) {
      log("failure", { code: "internal", user: this.#name, reason: describeError(error) });
      this.#failures++;
    }
    this.#setAlarm();
  }

  /** Starts a call, and returns how many connections were closed by the time of the answer. */
  async #send(call: PendingCall): Promise<number> {
    this.#pending.add(call);
    this.#alarm.wakeBy(Date.now() + RETRY_MS);
    const count: ClosedCount = { closed: 0 };
    const work = this.#runPending(count).then(() => this.#setAlarm());
    await within(ANSWER_MS, () => work).catch(() => {});
    return count.closed;
  }

  async #runPending(count?: ClosedCount): Promise<void> {
    const outcome = await this.#notifier.run(count);
    this.#failures = outcome === "none" ? this.#failures + 1 : 0;
  }

  /** Checks the list against the rooms; a room that does not answer stays on it. */
  async #checkRooms(): Promise<{ views: ({ room: string } & MemberView)[]; isComplete: boolean }> {
    this.#checkedAt = Date.now();
    const asked = this.#listing.size;
    const answers = await this.#askRooms(({ room, stamp }) =>
      callTwice(() => roomStub(this.env, room).sight(this.#name, stamp)),
    );
    for (const { room, stamp, answer } of answers) {
      if (!answer.isHere) this.#listing.leave(room, stamp, answer.lastOnline);
    }
    const views = answers.map(({ room, answer }) => ({ room, ...answer }));
    return { views, isComplete: views.length === asked };
  }

  /** Asks all rooms on the list at once; returns the answers that come in time. */
  async #askRooms<Answer>(
    ask: (listed: StampedRoom) => Promise<Answer>,
  ): Promise<(StampedRoom & { answer: Answer })[]> {
    const rooms = this.#listing.rooms();
    const endsAt = Date.now() + ROOMS_MS;
    const answers = await inParallel(rooms, ROOMS_AT_ONCE, (listed) =>
      within(endsAt - Date.now(), () => ask(listed)),
    );
    return rooms.flatMap((listed, index) => {
      const answer = answers[index]!;
      if (answer.status === "fulfilled") return [{ ...listed, answer: answer.value }];
      const reason = describeError(answer.reason);
      log("failure", { code: "room_unavailable", room: listed.room, user: this.#name, reason });
      return [];
    });
  }

  /** A clock that always advances: what comes later has a higher time. */
  #tick(): number {
    this.#clock = Math.max(Date.now(), this.#clock + 1);
    return this.#clock;
  }

  /** Sets the alarm for what is due next; if nothing is kept of the user, deletes the storage. */
  #setAlarm(): void {
    const now = Date.now();
    const { firstLeft } = this.#listing;
    if (this.#isIdle) return this.#vacate();
    if (!this.#pending.isEmpty) {
      this.#alarm.wakeBy(
        now + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.max(0, this.#failures - 1)),
      );
    }
    if (firstLeft !== null) {
      this.#alarm.wakeBy(
        firstLeft + this.#retentionMs + Math.min(GATHER_MS, this.#retentionMs / 24),
      );
    }
    if (this.#listing.size > 0) this.#alarm.wakeBy(this.#checkDueAt(now));
    this.#alarm.wakeBy(this.#revocations.dueAt);
  }

  /** Whether nothing is kept of the user. */
  get #isIdle(): boolean {
    return this.#pending.isEmpty && this.#revocations.isEmpty && this.#listing.isEmpty;
  }

  #checkDueAt(now: number): number {
    return (this.#checkedAt ?? now) + CHECK_EVERY_MS;
  }

  #vacate(): void {
    this.#listing.clear();
    this.#revocations.clear();
    this.#pending.clear();
    this.#alarm.unset();
    void this.ctx.storage.deleteAll();
  }
}
