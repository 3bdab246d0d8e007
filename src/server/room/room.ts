import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../protocol/close-codes.ts";
import { PING, PONG } from "../../protocol/messages.ts";
import { answerJson } from "../answer.ts";
import { configOf, type Env } from "../config.ts";
import { errorResponse } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { checksItself } from "../policy.ts";
import {
  ADMISSION_STALE,
  fromWorker,
  type RoomRequest,
  type RoomSession,
} from "../room-request.ts";
import type { Revocation } from "../user/revocation.ts";
import type { Sight } from "../user/whereabouts.ts";
import { closeSocket, Connection } from "./connection.ts";
import { deliver, type RoomEvent } from "./events.ts";
import { kick, revoke } from "./expel.ts";
import { receive } from "./frames.ts";
import { Leases } from "./leases.ts";
import { Presence } from "./presence.ts";
import { answerRead } from "./read.ts";
import { sight } from "./sight.ts";
import { tellEnding } from "./renewal.ts";
import { expire, removeNonReaders, removeStale } from "./sweep.ts";

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
    // What a timer does wrong was logged, and has ended the room, by then.
    const guard = (act: () => void) => void this.#orAbort(act).catch(() => {});
    this.#presence = new Presence(ctx, configOf(env, checksItself()), guard);
    this.#leases = new Leases(this.#presence);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      await this.#presence.alarm.load();
      this.#presence.wake(ctx.getWebSockets(), Date.now());
    });
  }

  /** Answers what the Worker asks: an upgrade where somebody joins, a lease, else a read. */
  override async fetch(request: Request): Promise<Response> {
    return this.#orAbort(() => {
      const now = Date.now();
      const presence = this.#presence;
      presence.advance(now);
      const asked = fromWorker(request);
      const { joiner, lease, leaving, requestId } = asked;
      if (!joiner && !leaving) return this.#read(asked, request.headers.get("If-None-Match"), now);
      let response: Response;
      if (leaving) response = this.#leases.end(leaving, requestId, now);
      else if (joiner && lease) response = this.#leases.hold(asked, lease, joiner, now);
      else response = this.#join(asked, joiner!, now);
      presence.commit(now);
      return response;
    });
  }

  /** Sends an event of the app's backend (SPEC B1); answers to how many connections. */
  async deliver(event: RoomEvent): Promise<number> {
    return this.#act((presence) => deliver(presence, event));
  }

  /** Ends all that a user has here (SPEC B2); answers how many connections that were. */
  async kick(user: string): Promise<number> {
    return this.#act((presence, now) => kick(presence, user, now));
  }

  /** Ends the connections of revoked sessions (SPEC B3); answers how many. */
  async revoke(user: string, revocation: Revocation): Promise<number> {
    return this.#act((presence, now) => revoke(presence, user, revocation, now));
  }

  /** Tells how a user is seen here, to whom lists the room by this stamp (SPEC B4). */
  async sight(user: string, stamp: number): Promise<Sight & { isHere: boolean }> {
    return this.#act((presence, now) => sight(presence, user, stamp, now));
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const presence = this.#presence;
    const connection = presence.connections.get(ws);
    if (!connection) return;
    await this.#orAbort(() => {
      const now = Date.now();
      connection.heard(now);
      if (message === PING) return connection.send(PONG);
      presence.advance(now);
      const received = receive(presence, connection, message, now);
      presence.commit(now);
      return received;
    });
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    // The platform does not answer a hibernatable socket's close by itself (SPEC W13).
    closeSocket(ws, code, reason);
    await this.#orAbort(() => this.#lose(ws, isGoodbye(code, reason) ? "left" : "closed"));
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    await this.#orAbort(() => this.#lose(ws, "closed"));
  }

  /**
   * Never fails: the platform gives an alarm up after six failures, and the ghosts would stay. What
   * was not stored is kept, and tried again (SPEC L7).
   */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const presence = this.#presence;
    presence.alarm.unset();
    try {
      presence.advance(now);
      const ending = expire(presence, now);
      removeStale(presence, now);
      removeNonReaders(presence, now);
      presence.settle(now);
      await tellEnding(presence, ending);
    } catch (error) {
      this.#logFailure(error);
      presence.alarm.wakeBy(now + RETRY_MS);
    }
  }

  /** Does what another object or the Worker calls for; what it answers is durable. */
  #act<Result>(act: (presence: Presence, now: number) => Result): Promise<Result> {
    return this.#orAbort(() => {
      const now = Date.now();
      this.#presence.advance(now);
      const result = act(this.#presence, now);
      this.#presence.settle(now);
      return result;
    });
  }

  #read(asked: RoomRequest, condition: string | null, now: number): Response {
    // What is read must be durable, and mostly is.
    if (this.#presence.roster.isChanged) this.#presence.settle(now);
    if (asked.statsOnly) return answerJson(this.#presence.stats(), asked.requestId);
    return answerRead(asked, condition, this.#presence.roster, this.#presence.broadcaster);
  }

  #join(asked: RoomRequest, session: RoomSession, now: number): Response {
    const { requestId, since, view, host = "", origin = `https://${host}` } = asked;
    const presence = this.#presence;
    const id = crypto.randomUUID();
    const user = session.user.id;
    if (presence.isStale(session, now)) return new Response(null, { status: ADMISSION_STALE });
    const refused = presence.admit(session, id, now, asked);
    if (refused) {
      log("refused", { code: refused, room: presence.name, user, requestId });
      return errorResponse(refused, requestId);
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const connection = Connection.open(server, {
      id,
      view: view ?? "delta",
      origin,
      renews: presence.config.renewal !== null,
      session,
      heardAt: now,
    });
    presence.welcome(connection, session, since ?? null, now);
    log("join", { room: presence.name, user, connection: id, requestId });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A socket closed from outside; only who said goodbye leaves at once (SPEC L4). */
  #lose(ws: WebSocket, reason: "left" | "closed"): void {
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
   * Runs what an event does. Where it throws, memory and storage may disagree: the room starts anew
   * from what is durable, which its clients survive like any restart (SPEC L6).
   */
  async #orAbort<Result>(handle: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await handle();
    } catch (error) {
      this.#logFailure(error);
      this.ctx.abort(describeError(error));
      throw error;
    }
  }

  #logFailure(error: unknown): void {
    log("failure", { code: "internal", room: this.#presence.name, reason: describeError(error) });
  }
}
