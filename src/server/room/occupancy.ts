import type { Config } from "../config.ts";
import type { Told } from "../directory/directory.ts";
import { leaseFor } from "../directory/lease.ts";
import { hashOf, shardOf } from "../directory/shards.ts";
import { describeError, log } from "../log.ts";
import { within } from "../time-limit.ts";
import type { Aside } from "./aside.ts";

/** The least time between two tells of counts alone, and after one that failed. */
const TELL_EVERY_MS = 5_000;
/** A tell that was not answered by then has failed. */
const ANSWER_MS = 5_000;

/** How many are in a room, as others see it. */
export interface Counts {
  readonly online: number;
  readonly connections: number;
}

interface OccupancyParts extends Aside {
  room: string;
  sweepEveryMs: number;
  tell: (told: Told) => Promise<void>;
}

/** What a room tells the list; `null` where rooms are not listed. `told` is what the list is known to have. */
export function openOccupancy(
  directory: Config["directory"],
  told: Counts | null,
  parts: Omit<OccupancyParts, "tell">,
): Occupancy | null {
  if (directory === null) return null;
  const counts = told && { online: told.online, connections: told.connections };
  // A stub that threw stays broken: each tell has its own.
  const tell = (news: Told) =>
    within(ANSWER_MS, async () => directory.getByName(shardOf(parts.room)).tell(news));
  return new Occupancy({ ...parts, tell }, counts);
}

/**
 * Keeps the list of rooms right about one of them: tells it at once that somebody is there or
 * nobody any more, and the counts at most every 5 s (SPEC B9). Nothing is stored for it. A room whose
 * sockets outlived its sleep had told everything, since to tell keeps it awake; any other tells anew
 * after its start, and until then its alarm is due within a sweep.
 */
export class Occupancy {
  readonly #parts: OccupancyParts;
  readonly #leaseMs: number;
  /** What the list has; `null` where that is not known. */
  #told: Counts | null;
  #current: Counts;
  #toldAt = Number.NEGATIVE_INFINITY;
  #unsettledSince: number | null = null;
  #isTelling = false;
  /** Whether the last tell failed: the next is the timer's. */
  #hasFailed = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `told` is what the list is known to have. */
  constructor(parts: OccupancyParts, told: Counts | null) {
    this.#parts = parts;
    this.#leaseMs = leaseFor(parts.sweepEveryMs);
    this.#told = told;
    this.#current = told ?? { online: 0, connections: 0 };
  }

  /** Whether the list has what is. */
  get isSettled(): boolean {
    return this.#unsettledSince === null;
  }

  /** When the room must be awake at the latest, to tell what may have been lost; `Infinity` for never. */
  get dueAt(): number {
    if (this.#unsettledSince === null) return Number.POSITIVE_INFINITY;
    return this.#unsettledSince + this.#parts.sweepEveryMs;
  }

  /** Notes the counts after an event, and tells them, now or soon. */
  note({ online, connections }: Counts, now: number): void {
    this.#current = { online, connections };
    const isRight = this.#isCurrent() && !this.#isLeaseOld(now);
    const isBusy = this.#isTelling || this.#hasFailed;
    if (isRight && !isBusy) return this.#settle();
    // An alarm that went off while it could not be told must not be due at once again.
    if (this.#unsettledSince === null || this.dueAt <= now) this.#unsettledSince = now;
    if (isBusy) return;
    const isTurn = this.#told === null || this.#told.online > 0 !== online > 0;
    const waitMs = this.#toldAt + TELL_EVERY_MS - now;
    if (isTurn || waitMs <= 0 || waitMs > TELL_EVERY_MS) return this.#tell(now);
    this.#timer ??= setTimeout(() => this.#parts.guard(() => this.#tell(Date.now())), waitMs);
  }

  /** The list has what is: there is nothing to tell any more. */
  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#unsettledSince = null;
  }

  #isCurrent(): boolean {
    const { online, connections } = this.#current;
    if (online === 0) return this.#told?.online === 0;
    return this.#told?.online === online && this.#told.connections === connections;
  }

  /**
   * A lease is renewed thrice in its time, by the clock alone, since a room that slept remembers
   * nothing: when one of its turns was passed within the last two sweeps.
   */
  #isLeaseOld(now: number): boolean {
    const recentlyMs = 2 * this.#parts.sweepEveryMs;
    if (this.#current.online === 0 || this.#toldAt > now - recentlyMs) return false;
    const turnMs = this.#leaseMs / 3;
    const turn = (time: number) =>
      Math.floor((time + (hashOf(this.#parts.room) % turnMs)) / turnMs);
    return turn(now) !== turn(now - recentlyMs);
  }

  #tell(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isTelling = true;
    this.#hasFailed = false;
    this.#toldAt = now;
    this.#parts.keepAwake(this.#pass(this.#current));
  }

  async #pass(counts: Counts): Promise<void> {
    const { room, tell, guard, settle } = this.#parts;
    const told = await tell({ room, ...counts, leaseMs: this.#leaseMs }).then(
      () => true,
      (error: unknown) => {
        log("failure", { code: "rooms_unavailable", room, reason: describeError(error) });
        return false;
      },
    );
    this.#isTelling = false;
    guard(() => {
      const now = Date.now();
      // One that failed may have come through all the same.
      this.#told = told ? counts : null;
      if (told && this.#isCurrent()) {
        this.#settle();
        return settle(now);
      }
      this.#again(told, now);
    });
  }

  /** What changed meanwhile is told by the same rule; what failed after a while. */
  #again(told: boolean, now: number): void {
    if (told) return this.note(this.#current, now);
    this.#hasFailed = true;
    this.#timer = setTimeout(() => this.#parts.guard(() => this.#tell(Date.now())), TELL_EVERY_MS);
  }
}
