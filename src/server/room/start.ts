import type { Config } from "../config/config.ts";
import { describeError, log } from "../log.ts";
import { AlarmClock } from "../platform/alarm-clock.ts";
import { Leases } from "./connections/leases.ts";
import { answerFirst } from "./first-frame.ts";
import { RoomState, type RoomParts } from "./room-state.ts";
import { WriteFailure } from "./storage/write-failure.ts";
import { rethrow, TurnRunner } from "./turn-runner.ts";
import type { FirstAnswer } from "./first-answer.ts";

/** A room with all its members and sockets. */
interface Whole {
  room: RoomState;
  runner: TurnRunner;
  leases: Leases;
}

/**
 * The start of a room, new or after hibernation. Its members and sockets are loaded before the first
 * event that needs them. The frame of {@link answerFirst} does not: they are loaded after it.
 */
export class Start {
  readonly #ctx: DurableObjectState;
  readonly #parts: RoomParts & { alarm: AlarmClock };
  #whole: Whole | null = null;
  /** What was answered before they were loaded. */
  #answered: FirstAnswer | null = null;

  constructor(ctx: DurableObjectState, config: Config) {
    this.#ctx = ctx;
    this.#parts = {
      name: ctx.id.name ?? "",
      config,
      storage: ctx.storage,
      pingedAt: (ws) => ctx.getWebSocketAutoResponseTimestamp(ws),
      alarm: new AlarmClock(ctx.storage),
    };
  }

  /** Loads the alarm; to be called before anything else. */
  load(): Promise<void> {
    return this.#parts.alarm.load();
  }

  /** The room with all its members and sockets. */
  get whole(): Whole {
    return (this.#whole ??= this.#loadAll());
  }

  /** Loads members and sockets, if that was not done yet. */
  loadAll(): void {
    this.#whole ??= this.#loadAll();
  }

  /** Answers a frame that does not need the whole room, if it is the first event; returns whether it did. */
  answers(ws: WebSocket, message: string | ArrayBuffer): boolean {
    if (this.#whole !== null || this.#answered !== null) return false;
    try {
      this.#answered = answerFirst(this.#parts, ws, message, Date.now());
    } catch (error) {
      // The whole room ends a connection with such a fault alone.
      if (!(error instanceof WriteFailure)) return false;
      log("failure", { code: "internal", room: this.#parts.name, reason: describeError(error) });
      this.#ctx.abort(describeError(error));
      throw error;
    }
    if (this.#answered === null) return false;
    // What is sent in a turn leaves when the turn has ended, so the answer does not wait for this.
    setTimeout(() => this.loadAll(), 0);
    return true;
  }

  #loadAll(): Whole {
    const room = new RoomState(this.#parts);
    const runner = new TurnRunner(room, this.#ctx);
    try {
      runner.turn((now) => {
        room.wake(this.#ctx.getWebSockets(), now, this.#answered);
        room.advance(now);
      }, rethrow);
    } catch (error) {
      this.#ctx.abort(describeError(error));
      throw error;
    }
    return { room, runner, leases: new Leases(room) };
  }
}
