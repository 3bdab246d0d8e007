/**
 * How a room finds connections that do not read (SPEC W14). The platform buffers what a peer does not
 * take, without a limit and without reporting it. Lengths are those of texts, in characters: counting
 * bytes would be a second pass over everything that is sent.
 */

/** How much is sent before a proof of reading is asked for. */
const STEP = 256 * 1024;
/** How long an answer may be owed, in milliseconds. */
const OWED_MS = 15_000;
/** A connection that was sent this much since, plus a snapshot, does not read. */
const OWED_LENGTH = 512 * 1024;
/** How much the connections of a room may owe together for that long. */
const OWED_BY_ALL = 32 * 1024 * 1024;

/** An unanswered probe. It survives hibernation. */
export interface OwedProof {
  n: number;
  /** Milliseconds since 1970. */
  askedAt: number;
  /** What was sent since then, in whole steps. */
  length: number;
}

/** What one connection was sent, and has not yet proven to have read. */
export class Backlog {
  #owed: OwedProof | null;
  /** What was sent since the last step. */
  #length: number;

  private constructor(owed: OwedProof | null, length: number) {
    this.#owed = owed;
    this.#length = length;
  }

  static begin(): Backlog {
    return new Backlog(null, 0);
  }

  /**
   * Starts after hibernation, which forgets what was sent since the last step. `random`, from 0 to 1,
   * takes its place: a room that sleeps after each small change still probes as often, on average.
   */
  static wake(owed: OwedProof | null, random: number): Backlog {
    return new Backlog(owed, owed ? 0 : random * STEP);
  }

  get owed(): OwedProof | null {
    return this.#owed;
  }

  /** How much may be unread. */
  get unread(): number {
    return this.#length + (this.#owed ? STEP + this.#owed.length : 0);
  }

  /** When to judge it, unless it answers; `Infinity` if it owes nothing. */
  get dueAt(): number {
    return this.#owed ? this.#owed.askedAt + OWED_MS : Number.POSITIVE_INFINITY;
  }

  /** Counts what was sent; returns whether that completes a step, so that {@link step} is due. */
  count(length: number): boolean {
    this.#length += length;
    return this.#length >= STEP;
  }

  /** Takes a step; returns whether to send the probe `n` now. */
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

  /** Takes an answer; says whether it is the one that was owed. */
  prove(n: number): boolean {
    if (this.#owed?.n !== n) return false;
    this.#length += this.#owed.length;
    this.#owed = null;
    return true;
  }
}

/**
 * Of the connections that have owed an answer for too long, those that do not read. `snapshotLength`
 * is called only if it matters.
 */
export function findNonReaders<Owing extends { readonly backlog: Backlog }>(
  owing: readonly Owing[],
  snapshotLength: () => number,
): Owing[] {
  const byDebt = owing.toSorted((one, other) => other.backlog.unread - one.backlog.unread);
  let all = byDebt.reduce((sum, { backlog }) => sum + backlog.unread, 0);
  const found: Owing[] = [];
  for (const each of byDebt) {
    const { unread } = each.backlog;
    const sinceProbe = unread - STEP;
    const isOver = sinceProbe >= OWED_LENGTH && sinceProbe >= OWED_LENGTH + snapshotLength();
    if (!isOver && all < OWED_BY_ALL) break;
    all -= unread;
    found.push(each);
  }
  return found;
}
