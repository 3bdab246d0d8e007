import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../protocol/close-codes.ts";
import { PING, PONG } from "../../protocol/messages.ts";
import { answerError } from "../http/answer-error.ts";
import { answerJson } from "../http/answer.ts";
import { configOf } from "../config/parse.ts";
import type { Env } from "../env.ts";
import { describeError } from "../log.ts";
import { hasCustomVerify } from "../access/policy.ts";
import { fromWorker, type Admission, type RoomRequest } from "./room-request.ts";
import type { Revocation } from "../user/revocation.ts";
import { closeSocket } from "../platform/close-socket.ts";
import { Connection } from "./connections/connection.ts";
import { drop, fail } from "./connections/departure.ts";
import type { Errand, Follow } from "./errand.ts";
import { deliver } from "./events.ts";
import { forget, kick, revoke } from "./expel.ts";
import { receive } from "./connections/frames.ts";
import { join } from "./connections/join.ts";
import { sealJoiner } from "./connections/joiner.ts";
import { Leases } from "./connections/leases.ts";
import { answerRead } from "./read.ts";
import type { Counts, Ended, MemberView, RoomEvent, RoomObject } from "./room-object.ts";
import { RoomState } from "./room-state.ts";
import { sight } from "./sight.ts";
import { statsOf } from "./stats.ts";
import { RETRY_MS, sweep } from "./connections/sweep.ts";
import { Turns, type TurnEnd } from "./turn.ts";
import { WriteFailure } from "./storage/write-failure.ts";

/** Proxies close with 1000 as well: only the reason tells that the person left (SPEC L4). */
function isGoodbye(code: number, reason: string): boolean {
  return code === CLOSE.left && reason === "left";
}

/**
 * One room: a thin shell that turns each of the platform's events into one turn of its
 * {@link RoomState}. No await stands between a change and the end of its turn, so that events cannot
 * interleave.
 */
export class Room extends DurableObject<Env> implements RoomObject {
  readonly #room: RoomState;
  readonly #turns: Turns;
  readonly #leases: Leases;
  /** The one timer, and when it goes off. */
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#room = new RoomState({
      name: ctx.id.name ?? "",
      config: configOf(env, hasCustomVerify()),
      storage: ctx.storage,
      pingedAt: (ws) => ctx.getWebSocketAutoResponseTimestamp(ws),
    });
    this.#turns = new Turns(this.#room);
    this.#leases = new Leases(this.#room);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      await this.#room.alarm.load();
      this.#turn((now) => {
        this.#room.wake(ctx.getWebSockets(), now);
        this.#room.advance(now);
      }, rethrow);
    });
  }

  /** Answers what the Worker asks: an upgrade where somebody joins, a lease, else a read. */
  override async fetch(request: Request): Promise<Response> {
    const asked = fromWorker(request);
    return this.#event(
      (now) => this.#answer(asked, request.headers.get("If-None-Match"), now),
      (error) => answerError(error, asked.requestId, this.#room.name),
      !asked.joiner || asked.lease !== undefined,
    );
  }

  /** Sends an event of the app's backend (SPEC B1); answers to how many connections. */
  async deliver(event: RoomEvent): Promise<number> {
    return this.#call(() => deliver(this.#room, event));
  }

  /** Ends all that a user has here (SPEC B2); answers how many connections that were. */
  async kick(user: string): Promise<number> {
    return this.#call((now) => kick(this.#room, user, now));
  }

  /**
   * Ends the connections of revoked sessions (SPEC B3). To a user's object of 0.1.0, which does not
   * say by which stamp it lists the room, it answers how many those were.
   */
  async revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number> {
    return this.#call((now) => {
      const ended = revoke(this.#room, user, revocation, stamp ?? 0, now);
      if (stamp === undefined) return ended.closed;
      this.#room.answeredDepartures.add(user);
      return ended;
    });
  }

  /** Closes a user's connections and forgets the user, but for what was admitted since (SPEC B11). */
  async forget(user: string, before: Admission): Promise<Ended> {
    return this.#call((now) => {
      this.#room.answeredDepartures.add(user);
      return forget(this.#room, user, before, now);
    });
  }

  /** Tells how a user is seen here, to whom lists the room by this stamp (SPEC B4). */
  async sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }> {
    return this.#call((now) => sight(this.#room, user, stamp, now));
  }

  /** Tells the list of rooms how many are here, as others see it (SPEC B9). */
  async count(): Promise<Counts> {
    return this.#call(() => {
      const { online, connections } = this.#room.roster;
      return { online, connections };
    });
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const connection = this.#room.connections.get(ws);
    if (!connection) return;
    const errand = this.#event(
      (now) => {
        connection.heard(now);
        if (message !== PING) return receive(this.#room, connection, message, now);
        connection.send(PONG);
        return null;
      },
      (error) => {
        fail(this.#room, connection, error, Date.now());
        return null;
      },
    );
    if (errand) this.#follow(errand);
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    // The platform does not answer a hibernatable socket's close by itself (SPEC W13).
    closeSocket(ws, code, reason);
    this.#lose(ws, isGoodbye(code, reason) ? "left" : "closed");
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    this.#lose(ws, "closed");
  }

  /**
   * Never fails: the platform gives an alarm up after six failures, and the ghosts would stay. What
   * was not stored is kept, and tried again (SPEC L7).
   */
  override async alarm(): Promise<void> {
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
    for (const errand of errands) this.#follow(errand);
  }

  /** Does what another object or the Worker calls for; what it answers is durable. */
  #call<Result>(act: (now: number) => Result): Result {
    return this.#event(
      act,
      (error) => {
        this.#room.logFault(error);
        throw error;
      },
      true,
    );
  }

  #answer(asked: RoomRequest, condition: string | null, now: number): Response {
    const room = this.#room;
    const { lease, leaving, requestId } = asked;
    const { sessionMs } = room.config.session;
    const joiner = asked.joiner && sealJoiner(asked.joiner, { now, sessionMs });
    if (leaving) return this.#leases.end(leaving, requestId, now);
    if (joiner && lease) return this.#leases.hold(asked, lease, joiner, now);
    if (joiner) return join(room, asked, joiner, now, (ws) => this.ctx.acceptWebSocket(ws));
    if (asked.statsOnly) return answerJson(statsOf(room), requestId);
    return answerRead(asked, condition, room.roster, room.broadcaster);
  }

  /** A socket closed from outside; only who said goodbye leaves at once (SPEC L4). */
  #lose(ws: WebSocket, reason: "left" | "closed"): void {
    const room = this.#room;
    this.#event(
      (now) => {
        // Under some servers the closing socket that woke the room is no longer among its sockets.
        const connection = room.connections.get(ws) ?? Connection.wake(ws);
        if (!connection) return;
        if (reason === "left") room.roster.end(now, connection.ref, now);
        else room.roster.lose(now, connection.ref);
        drop(room, connection, reason);
      },
      (error) => room.logFault(error),
    );
  }

  /** One event: what time alone brings about, what the event does, and the end of the turn. */
  #event<Result>(
    act: (now: number) => Result,
    refuse: (error: unknown) => Result,
    durable = false,
    now = Date.now(),
  ): Result {
    const advanceAndAct = (now: number) => {
      this.#room.advance(now);
      return act(now);
    };
    return this.#turn(advanceAndAct, refuse, durable, now);
  }

  /**
   * Runs what an event does, and ends its turn. A fault in it is that of one request or connection,
   * which `refuse` ends alone; what it did before is stored all the same.
   *
   * @throws WriteFailure, after which the room starts anew.
   */
  #turn<Result>(
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
      if (error instanceof WriteFailure) this.ctx.abort(describeError(error));
      throw error;
    }
  }

  #finish({ errands, nextAt }: TurnEnd, now: number): void {
    for (const errand of errands) this.#follow(errand);
    this.#setTimer(nextAt, now);
  }

  /** Keeps the room awake until an errand is back, and does what follows. */
  #follow(errand: Errand): void {
    this.ctx.waitUntil(
      errand.then(
        (follow) => this.#goOn(follow),
        (error: unknown) => this.#room.logFault(error),
      ),
    );
  }

  #goOn(follow: Follow): void {
    const next = this.#event(follow, (error) => {
      this.#room.logFault(error);
      return null;
    });
    if (next) this.#follow(next);
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
      this.#event(() => {}, rethrow, false, now);
    } catch {
      // It was logged, and has ended the room.
    }
  }
}

function rethrow(error: unknown): never {
  throw error;
}
