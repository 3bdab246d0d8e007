/** What hibernation may add to the time of a loss, and a shared alarm to the end of a grace period. */
const LATE_MS = 2_000 + 2_000 + 100;

interface User {
  live: number;
  /** The earliest times at which the places in their grace period count as lost. */
  earliest: number[];
  /** The latest; a crash puts each off once. */
  latest: { at: number; isPutOff: boolean }[];
}

/** How many connections each user may be shown with, by what happened to their sockets. */
export class Expected {
  readonly #graceMs: number;
  readonly #users = new Map<number, User>();

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  liveOf(user: number): number {
    return this.#get(user).live;
  }

  /** Takes over a place in its grace period, if there is one: the first that was lost. */
  join(user: number, now: number): void {
    const known = this.#get(user);
    known.live++;
    this.#forget(known, now);
    known.earliest.sort((a, b) => a - b).shift();
    known.latest.sort((a, b) => a.at - b.at).shift();
  }

  lose(user: number, now: number): void {
    const known = this.#get(user);
    known.live--;
    known.earliest.push(now);
    known.latest.push({ at: now, isPutOff: false });
  }

  crash(now: number): void {
    for (const known of this.#users.values()) {
      this.#forget(known, now);
      for (const loss of known.latest) {
        if (!loss.isPutOff) Object.assign(loss, { at: now, isPutOff: true });
      }
      for (; known.live > 0; known.live--) {
        known.earliest.push(now);
        known.latest.push({ at: now, isPutOff: true });
      }
    }
  }

  boundsOf(user: number, now: number): { least: number; most: number } {
    const { live, earliest, latest } = this.#get(user);
    const graceMs = this.#graceMs;
    return {
      least: live + earliest.filter((at) => now < at + graceMs).length,
      most: live + latest.filter(({ at }) => now <= at + graceMs + LATE_MS).length,
    };
  }

  #get(user: number): User {
    const known = this.#users.get(user) ?? { live: 0, earliest: [], latest: [] };
    this.#users.set(user, known);
    return known;
  }

  /** Forgets the places that are gone for certain. */
  #forget(known: User, now: number): void {
    known.earliest = known.earliest.filter((at) => now < at + this.#graceMs);
    known.latest = known.latest.filter(({ at }) => now <= at + this.#graceMs + LATE_MS);
  }
}
