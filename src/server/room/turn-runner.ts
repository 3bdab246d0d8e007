import { describeError } from "../log.ts";
import { RETRY_MS, sweep } from "./connections/sweep.ts";
import type { RoomState } from "./room-state.ts";
import { WriteFailure } from "./storage/write-failure.ts";
import type { RunTurn } from "./task.ts";
import { TurnEnd } from "./turn-end.ts";

/** Passes on a fault that only a restart repairs. */
export function rethrow(error: unknown): never {
  throw error;
}

/**
 * Runs each event of a room as one turn, handles its faults, and holds the room's one timer.
 */
export class TurnRunner {
  readonly #room: RoomState;
  readonly #ctx: DurableObjectState;
  readonly #turnEnd: TurnEnd;
  /** The one timer, and when it fires. */
  #timer: { at: number; id: ReturnType<typeof setTimeout> } | null = null;

  readonly #runTurn: RunTurn = (act) => {
    try {
      return this.event(act, (error) => {
        this.#room.logFault(error);
        return undefined;
      });
    } catch {
      // It was logged, and has ended the room.
      return undefined;
    }
  };

  constructor(room: RoomState, ctx: DurableObjectState) {
    this.#room = room;
    this.#ctx = ctx;
    this.#turnEnd = new TurnEnd(room);
  }

  /** Runs an event: first what is due by time alone, then the event, then the end of the turn. */
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
   * Runs `act`, and ends the turn. A fault in it concerns one request or connection, which `refuse`
   * ends alone; changes made before the fault are stored all the same.
   *
   * @throws WriteFailure, after which the room restarts.
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
   * After a failed write, memory and storage may disagree: the room restarts from what is durable,
   * which its clients survive like any restart (SPEC L6).
   */
  #endTurn(now: number, durable: boolean): void {
    try {
      this.#finish(now, durable);
    } catch (error) {
      this.#room.logFault(error);
      if (error instanceof WriteFailure) this.#ctx.abort(describeError(error));
      throw error;
    }
  }

  #finish(now: number, durable: boolean): void {
    this.#setTimer(this.#turnEnd.run(now, durable), now);
    this.#startTasks();
  }

  /** Keeps the room awake until its tasks are done. */
  #startTasks(): void {
    const { tasks } = this.#room;
    for (let task = tasks.shift(); task; task = tasks.shift()) {
      const done = task(this.#runTurn).catch((error: unknown) => this.#room.logFault(error));
      this.#ctx.waitUntil(done);
    }
  }

  /**
   * A timer that fires too early finds nothing due; a timer that nobody needs would keep the room
   * awake.
   */
  #setTimer(at: number, now: number): void {
    const isNeeded = at !== Number.POSITIVE_INFINITY;
    if (this.#timer !== null) {
      if (isNeeded && this.#timer.at <= at) return;
      clearTimeout(this.#timer.id);
    }
    const start = () => setTimeout(() => this.#tick(at), Math.max(0, at - now));
    this.#timer = isNeeded ? { at, id: start() } : null;
  }

  #tick(dueAt: number): void {
    // Whatever the clock says, the timer is due.
    const now = Math.max(Date.now(), dueAt);
    this.#timer = null;
    try {
      this.event(() => {}, rethrow, false, now);
    } catch {
      // It was logged, and has ended the room.
    }
  }

  /**
   * Does what is due. It never fails: the platform gives up an alarm after six failures, and ghosts
   * would stay. What was not stored is kept, and tried again (SPEC L7).
   */
  alarm(): void {
    const now = Date.now();
    const { alarm } = this.#room;
    alarm.unset();
    sweep(this.#room, now);
    try {
      this.#finish(now, true);
    } catch (error) {
      this.#room.logFault(error);
      alarm.wakeBy(now + RETRY_MS);
      this.#startTasks();
    }
  }
}
