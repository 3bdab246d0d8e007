import { describeError, log } from "../log.ts";
import { within } from "../platform/time-limit.ts";
import type { RoomObject } from "../room/room-object.ts";
import type { Generations } from "./generations.ts";
import type { HubReports } from "./hub-reports.ts";
import type { HubAction, HubState } from "./hub-state.ts";
import type { Shard } from "./shard.ts";
import { ANSWER_MS } from "./stream.ts";

/** The longest that the list waits for another shard's copy. */
const RECALL_MS = 2_000;

interface HubRunnerParts {
  room: string;
  ctx: Pick<DurableObjectState, "waitUntil">;
  state: HubState;
  generations: Generations;
  reports: HubReports;
  stubOf: (shard: Shard) => Pick<RoomObject, "tell" | "speak" | "recall">;
}

/** Runs each event of a hub: makes the calls that it leads to, and holds the hub's one timer. */
export class HubRunner {
  readonly #parts: HubRunnerParts;
  readonly #ready = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(parts: HubRunnerParts) {
    this.#parts = parts;
  }

  /** Settles when all shards have reported since the hub's start, or 5 s are over. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Runs an event, and then what it leads to. */
  turn<Result>(act: (now: number) => Result): Result {
    const result = act(Date.now());
    this.run();
    return result;
  }

  /** Does what is due. */
  run(now = Date.now()): void {
    const { state, generations, reports } = this.#parts;
    if (state.shards.hasUnsavedGenerations) {
      generations.save(state.generations);
      state.shards.hasUnsavedGenerations = false;
    }
    for (const action of state.take(now)) this.#start(() => this.#do(action));
    if (state.isReady(now)) {
      this.#ready.resolve();
      for (const task of reports.take(now)) {
        this.#start(() => task((act) => this.turn(act)));
      }
      if (reports.isEmpty && state.generations.length === 0) {
        reports.clear();
        generations.clear();
      }
    }
    this.#setTimer(Math.min(state.dueAt(now), reports.reportAt), now);
  }

  alarm(): void {
    this.#parts.reports.unsetAlarm();
    this.run();
  }

  #start(task: () => Promise<void>): void {
    const done = task().catch((error: unknown) => {
      log("failure", { code: "internal", room: this.#parts.room, reason: describeError(error) });
    });
    this.#parts.ctx.waitUntil(done);
  }

  async #do(action: HubAction): Promise<void> {
    const { state, stubOf } = this.#parts;
    const { to } = action;
    switch (action.do) {
      case "tell": {
        const answer = await this.#orNull(ANSWER_MS, () => stubOf(to.shard).tell(action.update));
        return this.turn((now) => state.told(to, answer ?? "failed", now));
      }
      case "ask": {
        const ask = async () => {
          await stubOf(to.shard).speak(action.asked);
          return true;
        };
        const answer = await this.#orNull(ANSWER_MS, ask);
        return this.turn((now) => state.asked(to, answer !== null, now));
      }
      case "recall": {
        const recall = () => stubOf(to.shard).recall(action.missing);
        const members = await this.#orNull(RECALL_MS, recall);
        return this.turn((now) => state.recalled(members, now));
      }
      default:
        action satisfies never;
    }
  }

  async #orNull<Result>(limitMs: number, call: () => Promise<Result>): Promise<Result | null> {
    try {
      return await within(limitMs, async () => call());
    } catch (error) {
      const { room } = this.#parts;
      log("failure", { code: "room_unavailable", room, reason: describeError(error) });
      return null;
    }
  }

  #setTimer(at: number, now: number): void {
    if (this.#timer !== null && at === this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, at - now));
  }

  #tick(): void {
    // Whatever the clock says, the timer is due.
    const now = Math.max(Date.now(), this.#timerAt);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.run(now);
  }
}
