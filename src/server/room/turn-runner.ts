import { describeError } from "../log.ts";
import { RETRY_MS, sweep } from "./connections/sweep.ts";
import type { Errand, Follow } from "./errand.ts";
import type { RoomState } from "./room-state.ts";
import { WriteFailure } from "./storage/write-failure.ts";
import { Turns, type TurnEnd } from "./turn.ts";

/** Lets a fault pass that only a restart mends. */
export function rethrow(error: unknown): never {
  throw error;
}

/**
 * Runs each event of a room as one turn, sees to the faults of both, and holds the room's one timer.
 */
export class TurnRunner {
  readonly #room: RoomState;
  readonly #ctx: Pick<DurableObjectState, "waitUntil" | "abort">;
  readonly #turns: Turns;
  /** The one timer, and when it goes off. */
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(room: RoomState, ctx: Pick<DurableObjectState, "waitUntil" | "abort">) {
    this.#room = room;
    this.#ctx = ctx;
    this.#turns = new Turns(room);
  }

  /** One event: what time alone brings about, what the event does, and the end of the turn. */
  event<Result>(
    act: (now: number) => Result,
    refuse: (error: unknown) => Result,
    durable = false,
    now = Date.now(),
  ): Result {
    const advanceAndAct = (now: number) => {
      this.#room.advance(now);
      return act(now);
    };
    return this.turn(advanceAndAct, refuse, durable, now);
  }

  /**
   * Runs what an event does, and ends its turn. A fault in it is that of one request or connection,
   * which `refuse` ends alone; what it did before is stored all the same.
   *
   * @throws WriteFailure, after which the room starts anew.
   */
  turn<Result>(
    act: (now: number) => Result,
    refuse: (error: unknown) => Result,
    durable = true,
    now = Date.now(),
  ): Result {
    let isDone = false;
    try {
      const result = act(now);
      isDone = true;
      this.#endTurn(now, durable);
      return result;
    } catch (error) {
      if (isDone) throw error;
      try {
        return refuse(error);
      } finally {
        this.#endTurn(now, durable);
      }
    }
  }

  /**
   * Where a write failed, memory and storage may disagree: the room starts anew from what is durable,
   * which its clients survive like any restart (SPEC L6).
   */
  #endTurn(now: number, durable: boolean): void {
    try {
      this.#finish(this.#turns.end(now, durable), now);
    } catch (error) {
      this.#room.logFault(error);
      if (error instanceof WriteFailure) this.#ctx.abort(describeError(error));
      throw error;
    }
  }

  #finish({ errands, nextAt }: TurnEnd, now: number): void {
    for (const errand of errands) this.follow(errand);
    this.#setTimer(nextAt, now);
  }

  /** Keeps the room awake until an errand is back, and does what follows. */
  follow(errand: Errand): void {
    this.#ctx.waitUntil(
      errand.then(
        (follow) => this.#goOn(follow),
        (error: unknown) => this.#room.logFault(error),
      ),
    );
  }

  #goOn(follow: Follow): void {
    const next = this.event(follow, (error) => {
      this.#room.logFault(error);
      return null;
    });
    if (next) this.follow(next);
  }

  /** A timer that goes off too early finds nothing due; one that nobody needs would keep the room awake. */
  #setTimer(at: number, now: number): void {
    if (at === Number.POSITIVE_INFINITY || at < this.#timerAt) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#timerAt = Number.POSITIVE_INFINITY;
    }
    if (at === Number.POSITIVE_INFINITY || this.#timer !== null) return;
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, at - now));
  }

  #tick(): void {
    // Whatever the clock says, the timer's time has come.
    const now = Math.max(Date.now(), this.#timerAt);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    try {
      this.event(() => {}, rethrow, false, now);
    } catch {
      // It was logged, and has ended the room.
    }
  }

  /**
   * Does what the alarm is for. It never fails: the platform gives an alarm up after six failures,
   * and the ghosts would stay. What was not stored is kept, and tried again (SPEC L7).
   */
  alarm(): void {
    const now = Date.now();
    const { alarm } = this.#room;
    alarm.unset();
    const errands = sweep(this.#room, now);
    try {
      this.#finish(this.#turns.end(now, true), now);
    } catch (error) {
      this.#room.logFault(error);
      alarm.wakeBy(now + RETRY_MS);
    }
    for (const errand of errands) this.follow(errand);
  }
}
