import type { MemberRecord } from "./member.ts";
import type { Members } from "./members.ts";
import { bindSockets, type MemberSocket, type Place } from "./place.ts";

/** After hibernation, losses this close together all have the time of the last. */
const TOGETHER_MS = 2_000;

/** How a start treats the places whose sockets are gone. */
export interface Loss {
  lostAt: number;
  /** Whether that time is noted on a live socket, and need not be stored. */
  isNoted: boolean;
}

/**
 * The lost places whose loss is not stored, since nearly all are taken over at once by the next page.
 * That a place is lost follows at a start from the count of live sockets; when the last was lost is
 * noted on a socket that lives. A place that was lost long before the last is stored as lost, so that
 * later losses do not put off its end.
 */
export class Losses {
  readonly #members: Members;
  readonly #noted = new Map<Place, MemberRecord>();
  #firstAt = 0;
  #lastAt: number | null = null;

  constructor(members: Members) {
    this.#members = members;
  }

  /** When the last of them was lost; `null` for none. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Adds a place that is lost and {@link Place.isNoted}. */
  add(now: number, record: MemberRecord, place: Place): void {
    const lostAt = place.lostAt!;
    // If the clock is set back, the older ones have to be stored as well.
    const isTogether = lostAt >= this.#firstAt && lostAt - this.#firstAt <= TOGETHER_MS;
    if (!isTogether) this.store(now);
    if (this.#noted.size === 0) this.#firstAt = lostAt;
    this.#noted.set(place, record);
    this.#lastAt = lostAt;
  }

  /** Stores the losses of the places that are still lost. */
  store(now: number): void {
    const noted = [...this.#noted];
    this.#noted.clear();
    this.#lastAt = null;
    for (const [place, record] of noted) {
      if (!record.places.includes(place)) continue;
      this.#members.change(now, record, () => {
        place.isNoted = false;
      });
    }
  }

  /**
   * After a start: finds the places of live sockets, and loses the others (SPEC L6). Returns the users
   * of those.
   */
  reconcile(
    now: number,
    socketsOf: (user: string) => Iterable<MemberSocket>,
    { lostAt, isNoted }: Loss,
  ): string[] {
    const lost: string[] = [];
    for (const record of this.#members) {
      const { gone, homeless } = bindSockets(record.places, socketsOf(record.id));
      for (const place of gone) {
        lost.push(record.id);
        this.#members.change(now, record, () => Object.assign(place, { lostAt, isNoted }));
        if (isNoted) this.add(now, record, place);
      }
      for (const { id, isIdle } of homeless) {
        this.#members.change(now, record, () => {
          record.places = [...record.places, { connection: id, idle: isIdle, lostAt: null }];
        });
      }
    }
    return lost;
  }
}
