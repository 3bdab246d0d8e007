/**
 * How a room finds out who does not read (SPEC W14). The platform keeps what a peer does not take,
 * without a bound and without telling. Lengths are of texts, in characters: to count bytes would be
 * a second look at all that is sent.
 */

/** After so much that was sent, a proof of reading is asked for. */
const STEP = 256 * 1024;
/** How long an answer may be owed, in milliseconds. */
const OWED_MS = 15_000;
/** Who was sent so much since, and a snapshot, does not read. */
const OWED_LENGTH = 512 * 1024;
/** What all in a room together may owe for that long. */
const OWED_BY_ALL = 32 * 1024 * 1024;

/** A probe that was not answered yet. It outlives hibernation. */
export interface OwedProof {
  n: number;
  /** Milliseconds since 1970. */
  askedAt: number;
  /** Sent since then, in whole steps. */
  length: number;
}

/** What one connection was sent, and has not proven to have read. */
export class Reading {
  #owed: OwedProof | null;
  /** Sent since the last step. */
  #length: number;

  private constructor(owed: OwedProof | null, length: number) {
    this.#owed = owed;
    this.#length = length;
  }

  static begin(): Reading {
    return new Reading(null, 0);
  }

  /**
   * After a hibernation, which forgets what came since the last step. `random`, from 0 to 1, stands
   * for that: a room that sleeps after each small change still asks as often, on average.
   */
  static wake(owed: OwedProof | null, random: number): Reading {
    return new Reading(owed, owed ? 0 : random * STEP);
  }

  get owed(): OwedProof | null {
    return this.#owed;
  }

  /** All that may lie unread. */
  get unread(): number {
    return this.#length + (this.#owed ? STEP + this.#owed.length : 0);
  }

  /** When it is to be judged, unless it answers; `Infinity` where nothing is owed. */
  get dueAt(): number {
    return this.#owed ? this.#owed.askedAt + OWED_MS : Number.POSITIVE_INFINITY;
  }

  /** Counts what was sent; tells whether that completes a step, to be taken by {@link step}. */
  count(length: number): boolean {
    this.#length += length;
    return this.#length >= STEP;
  }

  /** Takes a step; answers whether the probe `n` is to be sent now. */
  step(n: number, now: number): boolean {
    const length = this.#length;
    this.#length = 0;
    if (this.#owed) {
      this.#owed.length += length;
      return false;
    }
    this.#owed = { n, askedAt: now, length: 0 };
    return true;
  }

  /** Takes an answer; tells whether it is the one that was owed. */
  prove(n: number): boolean {
    if (this.#owed?.n !== n) return false;
    this.#length += this.#owed.length;
    this.#owed = null;
    return true;
  }
}

/**
 * Those who do not read, of the connections that have owed an answer for too long; `snapshotLength`
 * is asked only where it matters.
 */
export function findNonReaders<Owing extends { readonly reading: Reading }>(
  owing: readonly Owing[],
  snapshotLength: () => number,
): Owing[] {
  const byDebt = owing.toSorted((one, other) => other.reading.unread - one.reading.unread);
  let all = byDebt.reduce((sum, { reading }) => sum + reading.unread, 0);
  const found: Owing[] = [];
  for (const each of byDebt) {
    const { unread } = each.reading;
    const sinceProbe = unread - STEP;
    const isOver = sinceProbe >= OWED_LENGTH && sinceProbe >= OWED_LENGTH + snapshotLength();
    if (!isOver && all < OWED_BY_ALL) break;
    all -= unread;
    found.push(each);
  }
  return found;
}
