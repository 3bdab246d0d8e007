import { DurableObject } from "cloudflare:workers";
import { configOf, type Env } from "../config.ts";
import { inParallel } from "../in-parallel.ts";
import { describeError, log } from "../log.ts";
import { callTwice } from "../object-call.ts";
import { checksItself } from "../policy.ts";
import { AlarmClock } from "../room/alarm-clock.ts";
import type { Admission } from "../room-request.ts";
import { Listing } from "./listing.ts";
import type { Revocation, SessionMark } from "./revocation.ts";
import { Revocations } from "./revocations.ts";
import { sumUp, type Sight, type Whereabouts } from "./whereabouts.ts";

/** How often a list is compared with what the rooms say, which mends what a crash left over. */
const LOOK_EVERY_MS = 86_400_000;
const ROOMS_AT_ONCE = 20;
/** A room that could not be told is told again after this, then after twice as long, and so on. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

/**
 * One user, over all rooms: which sessions of theirs were revoked, and which rooms they may be
 * present in (SPEC B3, B4). It is asked only where there is a `SERVER_KEY`.
 */
export class User extends DurableObject<Env> {
  readonly #name: string;
  readonly #listing: Listing;
  readonly #revocations: Revocations;
  readonly #alarm: AlarmClock;
  readonly #retentionMs: number;
  #clock: number;
  #failures = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#name = ctx.id.name ?? "";
    this.#retentionMs = configOf(env, checksItself()).limits.retentionMs;
    this.#listing = new Listing(ctx.storage.sql);
    this.#revocations = new Revocations(ctx.storage.sql);
    this.#clock = Math.max(this.#listing.newest, this.#revocations.newest);
    this.#alarm = new AlarmClock(ctx.storage);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  /** Whether a session was revoked. */
  isRevoked(mark: SessionMark): boolean {
    return this.#revocations.has(mark);
  }

  /**
   * Puts a room on the list that a session is about to enter, with a stamp above `above`; answers
   * `null` where the session was revoked. One row is written where the room is not on the list.
   */
  admit(mark: SessionMark, room: string, above = 0): Admission | null {
    if (this.#revocations.has(mark)) return null;
    if (this.#listing.stampOf(room) <= above) {
      this.#listing.add(room, this.#tick());
      this.#alarm.wakeBy(Date.now() + LOOK_EVERY_MS);
    }
    return { stamp: this.#listing.stampOf(room), at: this.#tick() };
  }

  /** Takes a room off the list that they left, unless they were admitted anew; one row is written. */
  left(room: string, stamp: number, lastOnline: number | null): void {
    this.#listing.leave(room, stamp, lastOnline);
    this.#setAlarm();
  }

  /**
   * Ends one session, or with `null` all that were issued until now: records it, then has the rooms
   * close its connections; answers how many. A room that does not answer is told again.
   */
  async revoke(session: string | null): Promise<number> {
    this.#revocations.add({ session, at: this.#tick() });
    this.#alarm.wakeBy(Date.now() + RETRY_MS);
    try {
      return await this.#tellRooms();
    } catch (error) {
      this.#logFailure(error);
      return 0;
    }
  }

  /** Takes all revocations back; answers how many. */
  lift(): number {
    return this.#revocations.lift();
  }

  /** Asks each room on the list what is true now, and takes those off that they are not in. */
  async whereabouts(): Promise<Whereabouts> {
    const sights = await this.#look();
    this.#listing.forgetBefore(Date.now() - this.#retentionMs);
    return sumUp(sights, this.#listing.lastOnline);
  }

  /** Never fails: the platform gives an alarm up after six failures. */
  override async alarm(): Promise<void> {
    this.#alarm.unset();
    const now = Date.now();
    try {
      this.#revocations.forget(now);
      this.#listing.forgetBefore(now - this.#retentionMs);
      await this.#tellRooms();
      await this.#look();
      this.#failures = 0;
    } catch (error) {
      this.#logFailure(error);
      this.#failures++;
    }
    this.#setAlarm();
  }

  async #tellRooms(): Promise<number> {
    let closed = 0;
    for (const revocation of this.#revocations.untold()) {
      // Whoever is admitted from now on was checked by this very revocation.
      const counts = await this.#askRooms(({ room }) => this.#tellRoom(room, revocation));
      this.#revocations.noteTold(revocation);
      closed += counts.reduce((sum, count) => sum + count, 0);
    }
    return closed;
  }

  #tellRoom(room: string, revocation: Revocation): Promise<number> {
    return callTwice(() => this.env.ROOMS.getByName(room).revoke(this.#name, revocation));
  }

  async #look(): Promise<({ room: string } & Sight)[]> {
    const found = await this.#askRooms(async ({ room, stamp }) => {
      const call = () => this.env.ROOMS.getByName(room).sight(this.#name, stamp);
      return { room, stamp, ...(await callTwice(call)) };
    });
    for (const { room, stamp, isHere, lastOnline } of found) {
      if (!isHere) this.#listing.leave(room, stamp, lastOnline);
    }
    return found;
  }

  #askRooms<Result>(
    ask: (listed: { room: string; stamp: number }) => Promise<Result>,
  ): Promise<Result[]> {
    return inParallel(this.#listing.rooms(), ROOMS_AT_ONCE, ask);
  }

  /** A clock that never stands still: what comes later has a higher time. */
  #tick(): number {
    this.#clock = Math.max(Date.now(), this.#clock + 1);
    return this.#clock;
  }

  /** Wakes when there is something to do, and keeps nothing of a user of whom nothing is known. */
  #setAlarm(): void {
    const now = Date.now();
    if (this.#listing.isEmpty && this.#revocations.isEmpty) return this.#vacate();
    if (this.#failures > 0) {
      this.#alarm.wakeBy(now + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures));
    }
    const { lastOnline } = this.#listing;
    if (lastOnline !== null) this.#alarm.wakeBy(lastOnline + this.#retentionMs);
    if (this.#listing.rooms().length > 0) this.#alarm.wakeBy(now + LOOK_EVERY_MS);
    this.#alarm.wakeBy(this.#revocations.dueAt);
  }

  #vacate(): void {
    this.#listing.clear();
    this.#revocations.clear();
    this.#alarm.unset();
    void this.ctx.storage.deleteAll();
  }

  #logFailure(error: unknown): void {
    log("failure", { code: "room_unavailable", user: this.#name, reason: describeError(error) });
  }
}
