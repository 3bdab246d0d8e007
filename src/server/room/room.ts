import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../protocol/close-codes.ts";
import { PING, PONG } from "../../protocol/messages.ts";
import { answerError } from "../answer-error.ts";
import { answerJson } from "../answer.ts";
import { configOf, type Env } from "../config.ts";
import { errorResponse } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { checksItself } from "../policy.ts";
import {
  ADMISSION_STALE,
  fromWorker,
  type Admission,
  type RoomRequest,
  type RoomSession,
} from "../room-request.ts";
import type { Revocation } from "../user/revocation.ts";
import type { Sight } from "../user/whereabouts.ts";
import { closeSocket, Connection } from "./connection.ts";
import { deliver, type RoomEvent } from "./events.ts";
import { forget, kick, revoke, type Ended } from "./expel.ts";
import { receive } from "./frames.ts";
import { sealJoiner } from "./joiner.ts";
import { Leases } from "./leases.ts";
import type { Counts } from "./occupancy.ts";
import { Presence } from "./presence.ts";
import { answerRead } from "./read.ts";
import { sight } from "./sight.ts";
import { tellEnding } from "./renewal.ts";
import { expire, removeNonReaders, removeStale } from "./sweep.ts";
import { WriteFailure } from "./write-failure.ts";

/** Proxies close with 1000 as well: only the reason tells that the person left (SPEC L4). */
function isGoodbye(code: number, reason: string): boolean {
  return code === CLOSE.left && reason === "left";
}

/** After a fault in the alarm, when it is tried again. */
const RETRY_MS = 10_000;

/**
 * One room: a thin shell that turns the platform's events into changes of its {@link Presence}. No
 * await stands between a change and its commit, so that events cannot interleave.
 */
export class Room extends DurableObject<Env> {
  readonly #presence: Presence;
  readonly #leases: Leases;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#presence = new Presence(ctx, configOf(env, checksItself()), (act) => this.#guard(act));
    this.#leases = new Leases(this.#presence);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      await this.#presence.alarm.load();
      this.#presence.wake(ctx.getWebSockets(), Date.now());
    });
  }

  /** Answers what the Worker asks: an upgrade where somebody joins, a lease, else a read. */
  override async fetch(request: Request): Promise<Response> {
    const asked = fromWorker(request);
    const { lease, leaving, requestId } = asked;
    const presence = this.#presence;
    const handle = () => {
      const now = Date.now();
      presence.advance(now);
      const { sessionMs } = presence.config.session;
      const joiner = asked.joiner && sealJoiner(asked.joiner, { now, sessionMs });
      if (!joiner && !leaving) return this.#read(asked, request.headers.get("If-None-Match"), now);
      let response: Response;
      if (leaving) response = this.#leases.end(leaving, requestId, now);
      else if (joiner && lease) response = this.#leases.hold(asked, lease, joiner, now);
      else response = this.#join(asked, joiner!, now);
      presence.commit(now);
      return response;
    };
    return this.#contain(handle, (error) => answerError(error, requestId, presence.name));
  }

  /** Sends an event of the app's backend (SPEC B1); answers to how many connections. */
  async deliver(event: RoomEvent): Promise<number> {
    return this.#act((presence) => deliver(presence, event));
  }

  /** Ends all that a user has here (SPEC B2); answers how many connections that were. */
  async kick(user: string): Promise<number> {
    return this.#act((presence, now) => kick(presence, user, now));
  }

  /**
   * Ends the connections of revoked sessions (SPEC B3). To a user's object of 0.1.0, which does not
   * say by which stamp it lists the room, it answers how many those were.
   */
  async revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number> {
    return this.#act((presence, now) => {
      const ended = revoke(presence, user, revocation, stamp ?? 0, now);
      if (stamp === undefined) return ended.closed;
      presence.answerDeparture(user);
      return ended;
    });
  }

  /** Closes a user's connections and forgets the user, but for what was admitted since (SPEC B11). */
  async forget(user: string, before: Admission): Promise<Ended> {
    return this.#act((presence, now) => {
      presence.answerDeparture(user);
      return forget(presence, user, before, now);
    });
  }

  /** Tells how a user is seen here, to whom lists the room by this stamp (SPEC B4). */
  async sight(user: string, stamp: number): Promise<Sight & { isHere: boolean }> {
    return this.#act((presence, now) => sight(presence, user, stamp, now));
  }

  /** Tells the list of rooms how many are here, as others see it (SPEC B9). */
  async count(): Promise<Counts> {
    return this.#act(({ roster }) => ({
      online: roster.online,
      connections: roster.connections,
    }));
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const presence = this.#presence;
    const connection = presence.connections.get(ws);
    if (!connection) return;
    const handle = () => {
      const now = Date.now();
      connection.heard(now);
      if (message === PING) return connection.send(PONG);
      presence.advance(now);
      const received = receive(presence, connection, message, now);
      presence.commit(now);
      return received;
    };
    await this.#contain(handle, (error) => presence.fail(connection, error, Date.now()));
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    // The platform does not answer a hibernatable socket's close by itself (SPEC W13).
    closeSocket(ws, code, reason);
    await this.#lose(ws, isGoodbye(code, reason) ? "left" : "closed");
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    await this.#lose(ws, "closed");
  }

  /**
   * Never fails: the platform gives an alarm up after six failures, and the ghosts would stay. What
   * was not stored is kept, and tried again; no step waits for another that fails (SPEC L7).
   */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const presence = this.#presence;
    presence.alarm.unset();
    let ending: Connection[] = [];
    const steps = [
      () => presence.advance(now),
      () => (ending = expire(presence, now)),
      () => removeStale(presence, now),
      () => removeNonReaders(presence, now),
      () => tellEnding(presence, ending, now),
      () => presence.settle(now),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (error) {
        presence.logFault(error);
        presence.alarm.wakeBy(now + RETRY_MS);
      }
    }
  }

  /** Does what another object or the Worker calls for; what it answers is durable. */
  #act<Result>(act: (presence: Presence, now: number) => Result): Promise<Result> {
    const handle = () => {
      const now = Date.now();
      this.#presence.advance(now);
      const result = act(this.#presence, now);
      this.#presence.settle(now);
      return result;
    };
    return this.#contain(handle, (error) => {
      this.#presence.logFault(error);
      throw error;
    });
  }

  #read(asked: RoomRequest, condition: string | null, now: number): Response {
    // What is read must be durable, and mostly is.
    if (this.#presence.roster.isChanged) this.#presence.settle(now);
    if (asked.statsOnly) return answerJson(this.#presence.stats(), asked.requestId);
    return answerRead(asked, condition, this.#presence.roster, this.#presence.broadcaster);
  }

  #join(asked: RoomRequest, session: RoomSession, now: number): Response {
    const { requestId, since, view, host = "", origin = `https://${host}`, address } = asked;
    const presence = this.#presence;
    const id = crypto.randomUUID();
    const user = session.user.id;
    if (presence.isStale(session, now)) return new Response(null, { status: ADMISSION_STALE });
    const { 0: client, 1: server } = new WebSocketPair();
    const connection = Connection.open(server, {
      id,
      view: view ?? "delta",
      origin,
      ...(address !== undefined && { address }),
      renews: presence.config.renewal !== null,
      session,
      heardAt: now,
    });
    const refused = presence.admit(session, id, now, asked);
    if (refused) {
      log("refused", { code: refused, room: presence.name, user, requestId });
      return errorResponse(refused, requestId);
    }
    try {
      this.ctx.acceptWebSocket(server);
      presence.welcome(connection, session, since ?? null, now);
    } catch (error) {
      presence.retract(connection.ref, connection, now);
      throw error;
    }
    log("join", { room: presence.name, user, connection: id, requestId });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A socket closed from outside; only who said goodbye leaves at once (SPEC L4). */
  #lose(ws: WebSocket, reason: "left" | "closed"): Promise<void> {
    const presence = this.#presence;
    const handle = () => this.#loseNow(ws, reason);
    return this.#contain(handle, (error) => presence.logFault(error));
  }

  #loseNow(ws: WebSocket, reason: "left" | "closed"): void {
    const presence = this.#presence;
    // Under some servers the closing socket that woke the room is no longer among its sockets.
    const connection = presence.connections.get(ws) ?? Connection.wake(ws);
    if (!connection) return;
    const now = Date.now();
    presence.advance(now);
    if (reason === "left") presence.roster.end(now, connection.ref, now);
    else presence.roster.lose(now, connection.ref);
    presence.forget(connection, reason);
    presence.commit(now);
  }

  /**
   * Runs what an event does. A fault in it is that of one request or connection, which `refuse` ends
   * alone; what it did before is stored all the same.
   *
   * @throws WriteFailure, after which the room starts anew.
   */
  async #contain<Result>(
    handle: () => Result | Promise<Result>,
    refuse: (error: unknown) => Result,
  ): Promise<Result> {
    try {
      return await handle();
    } catch (error) {
      this.#abortIfUnwritten(error);
      try {
        return refuse(error);
      } finally {
        this.#guard(() => this.#presence.commit(Date.now()));
      }
    }
  }

  /** Runs what a timer does, or what concerns one of many: a fault in it stops nothing else. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#presence.logFault(error);
      if (error instanceof WriteFailure) this.ctx.abort(describeError(error));
    }
  }

  /**
   * Where a write failed, memory and storage may disagree: the room starts anew from what is durable,
   * which its clients survive like any restart (SPEC L6).
   */
  #abortIfUnwritten(error: unknown): void {
    if (!(error instanceof WriteFailure)) return;
    this.#presence.logFault(error);
    this.ctx.abort(describeError(error));
    throw error;
  }
}
