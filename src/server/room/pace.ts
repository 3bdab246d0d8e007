import { isSame, type Since } from "../../protocol/since.ts";
import type { SeenList } from "./members/seen-list.ts";

const MIN_GATHER_MS = 50;
const MAX_GATHER_MS = 1_000;
/** A delivery takes about 26 µs, so deliveries take a quarter of the room's time (SPEC V2). */
const GATHER_MS_PER_CONNECTION = 0.1;
/** If no connection waits for a first state, fewer and larger deltas cost less, and nobody notices. */
const PATIENCE = 5;
/** A join costs as much as 20 deliveries: while a crowd comes, deliveries must not slow it down. */
const CROWD_PATIENCE = 15;
/** The crowd has paused when nobody has come for this long. */
const LULL_MS = 25;
/** A turn that is later than this shows that the room was too busy to notice who joined. */
const LATE_MS = 10;

function spanMs(connections: number, patience: number): number {
  const span = connections * GATHER_MS_PER_CONNECTION * patience;
  return Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, span));
}

/**
 * The most connections that a change may have to be sent to. Connections that are shown counts alone
 * have a clock of their own, and do not hold up the others. `watchOnly` windows show only watched users;
 * `lists` is the number of watch lists.
 */
export function mostTold(
  { size, watchOnly }: { size: number; watchOnly: number },
  lists: number,
): number {
  return Math.min(size, size - watchOnly + lists);
}

/**
 * How long a busy room gathers changes, in milliseconds; `someoneWaits` for a first state.
 */
export function gatherMs(connections: number, someoneWaits: boolean): number {
  return spanMs(connections, someoneWaits ? 1 : PATIENCE);
}

/** When a span after an event is over. If the clock is set back, the room must still send. */
function after(at: number, spanMs: number, now: number): number {
  return at + spanMs - now > spanMs ? now : at + spanMs;
}

/** The list's version, and the connections on it. */
type PacedList = Pick<SeenList, "state" | "connections">;

/**
 * When a room sends first states and changes (SPEC V2). A first state goes to one connection, a change
 * to all. So while a crowd comes, first states are sent more often than changes, and the changes of
 * many joins become one delta. When changes are sent depends only on what others see (SPEC M3).
 */
export class Pace {
  #greetedAt = 0;
  #shownAt = 0;
  #toldAt = 0;
  /** The connections on the list when changes were last sent. */
  #toldConnections: number;
  #state: Since;
  /** When the list last changed, or the room was too busy to notice. */
  #changedAt = 0;
  /** When the next turn is needed. */
  #expectedAt = Number.POSITIVE_INFINITY;

  constructor({ state, connections }: PacedList) {
    this.#state = state;
    this.#toldConnections = connections;
  }

  /** Looks at the list at the end of a turn. */
  look({ state }: PacedList, now: number): void {
    const isLate = now > this.#expectedAt + LATE_MS;
    if (!isLate && isSame(state, this.#state)) return;
    this.#state = state;
    this.#changedAt = now;
  }

  /** Notes when the next turn is needed. */
  expect(at: number, now: number): void {
    this.#expectedAt = Math.max(at, now);
  }

  /** When to send first states to connections that are shown the whole room. */
  greetAt(sockets: number, now: number): number {
    return after(this.#greetedAt, gatherMs(sockets, true), now);
  }

  greeted(now: number): void {
    this.#greetedAt = now;
  }

  /** When to send windows their changes, and their first states if `someoneWaits` for one. */
  showAt(sockets: number, someoneWaits: boolean, now: number): number {
    return after(this.#shownAt, gatherMs(sockets, someoneWaits), now);
  }

  shown(now: number): void {
    this.#shownAt = now;
  }

  /** When to send changes to the connections that are shown the whole room. */
  tellAt(sockets: number, { connections }: PacedList, now: number): number {
    const isCrowd = connections > this.#toldConnections;
    if (!isCrowd) return after(this.#toldAt, gatherMs(sockets, false), now);
    const earliest = after(this.#toldAt, gatherMs(sockets, true), now);
    const latest = after(this.#toldAt, spanMs(sockets, CROWD_PATIENCE), now);
    return Math.min(latest, Math.max(earliest, this.#changedAt + LULL_MS));
  }

  told({ connections }: PacedList, now: number): void {
    this.#toldAt = now;
    this.#toldConnections = connections;
  }
}
