import { orWriteFailure } from "./write-failure.ts";

/** How long a busy room gathers what it writes, in milliseconds; each commit waits for the disk. */
const GATHER_MS = 20;

/**
 * Makes one commit of what several events changed: at once in a quiet room, soon in a busy one.
 * What tells of a change is handed to {@link afterwards}, and so never overtakes its commit: the
 * platform sends nothing before the writes that precede it are durable.
 */
export class GroupCommit {
  readonly #store: (now: number) => boolean;
  readonly #publish: (now: number) => void;
  readonly #guard: (act: () => void) => void;
  #acts: (() => void)[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * `store` writes what changed, and tells whether anything had; `publish` follows what is told one
   * by one; `guard` runs what a timer does, and sees to its faults.
   */
  constructor(parts: {
    store: (now: number) => boolean;
    publish: (now: number) => void;
    guard: (act: () => void) => void;
  }) {
    this.#store = parts.store;
    this.#publish = parts.publish;
    this.#guard = parts.guard;
  }

  /** Runs `act` once all that has changed so far is written. */
  afterwards(act: () => void): void {
    this.#acts.push(act);
  }

  /**
   * Writes and publishes now, or where that was done a moment ago, together with what follows.
   *
   * @throws WriteFailure
   */
  soon(now: number): void {
    if (this.#timer !== null) return;
    const waitMs = this.#writtenAt + GATHER_MS - now;
    // A clock that was set back must not stop the room.
    if (waitMs <= 0 || waitMs > GATHER_MS) return this.now(now);
    this.#timer = setTimeout(() => this.#guard(() => this.now(Date.now())), waitMs);
  }

  /**
   * Writes and publishes now.
   *
   * @throws WriteFailure
   */
  now(now: number): void {
    this.write(now);
    this.#guard(() => this.#publish(now));
  }

  /**
   * Writes now, for who publishes by itself.
   *
   * @throws WriteFailure
   */
  write(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (orWriteFailure(() => this.#store(now))) this.#writtenAt = now;
    const acts = this.#acts;
    this.#acts = [];
    // They tell different people: what fails for one must not keep the others waiting.
    for (const act of acts) this.#guard(act);
  }
}
