import type { Config } from "../config/config.ts";
import { leaseFor } from "../directory/lease.ts";
import { partitionOf } from "../directory/partitions.ts";
import { hashOf } from "../platform/hash.ts";
import { describeError, log } from "../log.ts";
import { within } from "../platform/time-limit.ts";
import type { Counts } from "./room-object.ts";
import type { RunTurn, Task } from "./task.ts";

/** The shortest time between two reports of counts alone, and after a failed report. */
const REPORT_EVERY_MS = 5_000;
/** A report that is not answered by then has failed. */
const ANSWER_MS = 5_000;

/**
 * Reports a room to the list of rooms: at once when it becomes occupied or empty, and its counts at
 * most every 5 s (SPEC B9). Nothing is stored for this. A room whose sockets survived hibernation
 * has reported everything, since a pending report keeps it awake. Any other room reports after its
 * start, and until then its alarm is due soon.
 */
export class Occupancy {
  readonly #directory: NonNullable<Config["directory"]>;
  readonly #room: string;
  readonly #withinMs: number;
  readonly #leaseMs: number;
  /** What the list holds; `null` if unknown. */
  #listed: Counts | null;
  #current: Counts;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #unsettledSince: number | null = null;
  #isReporting = false;
  /** When to send the next report; `Infinity` if there is nothing to report. */
  #reportAt = Number.POSITIVE_INFINITY;

  /**
   * `withinMs` is how soon the room wakes for a report that may have been lost. `listed` is what the
   * list is known to hold of the room.
   */
  constructor(
    directory: NonNullable<Config["directory"]>,
    room: string,
    withinMs: number,
    listed: Counts | null,
  ) {
    this.#directory = directory;
    this.#room = room;
    this.#withinMs = withinMs;
    this.#leaseMs = leaseFor(withinMs);
    this.#listed = listed && { online: listed.online, connections: listed.connections };
    this.#current = this.#listed ?? { online: 0, connections: 0 };
  }

  /** Whether the list is up to date. */
  get isSettled(): boolean {
    return this.#unsettledSince === null;
  }

  /** When to call {@link report} again while the room is awake; `Infinity` for never. */
  get reportAt(): number {
    return this.#isReporting ? Number.POSITIVE_INFINITY : this.#reportAt;
  }

  /** When the room must wake to send a report that may have been lost; `Infinity` for never. */
  get dueAt(): number {
    if (this.#unsettledSince === null) return Number.POSITIVE_INFINITY;
    return this.#unsettledSince + this.#withinMs;
  }

  /** Takes the counts after an event. */
  note({ online, connections }: Counts, now: number): void {
    this.#current = { online, connections };
    if (this.#isReporting) return this.#keepUnsettled(now);
    if (this.#isCurrent() && !this.#isLeaseOld(now)) return this.#settle();
    this.#keepUnsettled(now);
    const isTurn = this.#listed !== null && this.#listed.online > 0 !== online > 0;
    const isFirst = this.#listed === null && this.#reportAt === Number.POSITIVE_INFINITY;
    if (isTurn || isFirst) this.#reportAt = now;
    else this.#reportAt = Math.min(this.#reportAt, this.#reportedAt + REPORT_EVERY_MS);
    // If the clock is set back, the room must still report.
    if (this.#reportAt > now + REPORT_EVERY_MS) this.#reportAt = now;
  }

  /** The report to send now, if one is due. */
  report(now: number): Task | null {
    if (this.reportAt > now) return null;
    this.#isReporting = true;
    this.#reportAt = Number.POSITIVE_INFINITY;
    this.#reportedAt = now;
    const counts = this.#current;
    return (runTurn) => this.#send(counts, runTurn);
  }

  #keepUnsettled(now: number): void {
    // An alarm that fires while a report is under way must not be due again at once.
    if (this.#unsettledSince === null || this.dueAt <= now) this.#unsettledSince = now;
  }

  #settle(): void {
    this.#reportAt = Number.POSITIVE_INFINITY;
    this.#unsettledSince = null;
  }

  #isCurrent(): boolean {
    const { online, connections } = this.#current;
    if (online === 0) return this.#listed?.online === 0;
    return this.#listed?.online === online && this.#listed.connections === connections;
  }

  /**
   * A lease is renewed three times while it lasts. The times come from the clock alone, since a room
   * that slept remembers nothing: the lease is due if such a time passed lately, for longer than two
   * sweeps may take.
   */
  #isLeaseOld(now: number): boolean {
    const recentlyMs = 4 * this.#withinMs;
    if (this.#current.online === 0 || this.#reportedAt > now - recentlyMs) return false;
    const turnMs = this.#leaseMs / 3;
    const turn = (time: number) => Math.floor((time + (hashOf(this.#room) % turnMs)) / turnMs);
    return turn(now) !== turn(now - recentlyMs);
  }

  async #send(counts: Counts, runTurn: RunTurn): Promise<void> {
    const room = this.#room;
    const report = { room, ...counts, leaseMs: this.#leaseMs };
    let listed: Counts | null = counts;
    try {
      // A stub that threw stays broken, so each report makes its own.
      await within(ANSWER_MS, async () =>
        this.#directory.getByName(partitionOf(room)).tell(report),
      );
    } catch (error) {
      log("failure", { code: "rooms_unavailable", room, reason: describeError(error) });
      // The report may have arrived all the same.
      listed = null;
    }
    runTurn((now) => {
      this.#isReporting = false;
      this.#listed = listed;
      if (listed === null) this.#reportAt = now + REPORT_EVERY_MS;
    });
  }
}
