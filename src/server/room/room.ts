import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../protocol/close-codes.ts";
import { PING, PONG, PROTOCOL } from "../../protocol/messages.ts";
import type { ClientFrame } from "../../protocol/messages.ts";
import { configOf, type Config, type Env } from "../config.ts";
import { errorMessage, errorResponse } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { fromWorker, type Joiner, type RoomRequest } from "../room-request.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Broadcaster } from "./broadcaster.ts";
import { closeSocket, Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { decodeFrame } from "./decode.ts";
import { countBadFrame, countFrame } from "./flood.ts";
import { timingFor, type Timing } from "./liveness.ts";
import { answerRead } from "./read.ts";
import { Roster } from "./roster.ts";
import { Store } from "./store.ts";

/** Why a connection ended, as its log line tells (SPEC O3). */
type LeaveReason = "left" | "closed" | "stale" | "expired" | "bad_message" | "rate_limited";

/** After a fault in the alarm, when it is tried again. */
const RETRY_MS = 10_000;

/**
 * One room: the shell around the roster. Every event goes the same way: do what is due, change the
 * roster, commit, which is to store, to broadcast and to set the alarm. No await stands in between,
 * so that events cannot interleave, and the writes are durable as one before a frame tells of them.
 */
export class Room extends DurableObject<Env> {
  readonly #name: string;
  readonly #config: Config;
  readonly #timing: Timing;
  readonly #store: Store;
  readonly #alarm: AlarmClock;
  readonly #connections: Connections;
  #roster: Roster;
  #broadcaster: Broadcaster;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#name = ctx.id.name ?? "";
    this.#config = configOf(env);
    this.#timing = timingFor(this.#config.limits.staleMs);
    this.#connections = new Connections(this.#timing, (ws) =>
      ctx.getWebSocketAutoResponseTimestamp(ws),
    );
    this.#store = new Store(ctx.storage);
    this.#alarm = new AlarmClock(ctx.storage);
    this.#roster = new Roster(this.#config.limits, this.#store.load());
    this.#broadcaster = new Broadcaster(this.#name, this.#roster, this.#connections);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(() => this.#wake());
  }

  /** Answers what the Worker asks: an upgrade where somebody joins, else a read. */
  override async fetch(request: Request): Promise<Response> {
    return this.#orAbort(() => {
      const now = Date.now();
      this.#roster.advance(now);
      const asked = fromWorker(request);
      const response = asked.joiner
        ? this.#join(asked, asked.joiner, now)
        : answerRead(asked, request.headers.get("If-None-Match"), this.#roster, this.#broadcaster);
      this.#commit(now);
      return response;
    });
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const connection = this.#connections.get(ws);
    if (!connection) return;
    this.#orAbort(() => {
      const now = Date.now();
      connection.heard(now);
      if (message === PING) return connection.send(PONG);
      this.#roster.advance(now);
      this.#receive(connection, message, now);
      this.#commit(now);
    });
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    // The platform does not answer a hibernatable socket's close by itself (SPEC W13).
    closeSocket(ws, code, reason);
    this.#orAbort(() => this.#lose(ws, code === CLOSE.left ? "left" : "closed"));
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    this.#orAbort(() => this.#lose(ws, "closed"));
  }

  /**
   * Never fails: the platform gives an alarm up after six failures, and the ghosts would stay. What
   * was not stored is kept, and tried again (SPEC L7).
   */
  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#alarm.unset();
    try {
      this.#roster.advance(now);
      this.#expireSessions(now);
      this.#removeStale(now);
      this.#commit(now);
    } catch (error) {
      this.#logFailure(error);
      this.#alarm.wakeBy(now + RETRY_MS);
    }
  }

  /** After a start: finds its sockets again, and what was lost while nobody listened (SPEC L6). */
  async #wake(): Promise<void> {
    await this.#alarm.load();
    const now = Date.now();
    const live = this.#connections.wake(this.ctx.getWebSockets(), this.#alarm.at ?? now);
    for (const { user, connection } of this.#roster.reconcile(now, live)) {
      log("leave", { room: this.#name, user, connection, reason: "closed" });
    }
    this.#roster.advance(now);
    this.#commit(now);
  }

  #join({ requestId, since, view }: RoomRequest, joiner: Joiner, now: number): Response {
    const id = crypto.randomUUID();
    const { user, expiresAt } = joiner;
    const verdict = this.#roster.join(now, joiner, id);
    if (verdict !== "joined") {
      log("refused", { code: verdict, room: this.#name, user: user.id, requestId });
      return errorResponse(verdict, requestId);
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const connection = Connection.open(server, {
      id,
      user: user.id,
      heardAt: now,
      expiresAt,
      view: view ?? "delta",
    });
    this.#connections.add(connection, now);
    this.#save();
    connection.send({
      type: "welcome",
      protocol: PROTOCOL,
      room: this.#name,
      connection: id,
      self: { id: user.id, chosen: this.#roster.chosenBy(user.id) },
      heartbeat: this.#timing.heartbeatSeconds,
      expiresAt: new Date(expiresAt).toISOString(),
    });
    this.#broadcaster.greet(connection, since ?? null);
    log("join", { room: this.#name, user: user.id, connection: id, requestId });
    return new Response(null, { status: 101, webSocket: client });
  }

  #receive(connection: Connection, message: string | ArrayBuffer, now: number): void {
    const { offences } = connection;
    const verdict = countFrame(connection.accepted, offences, now);
    if (verdict === "drop") return;
    if (verdict !== "accept") return this.#refuse(connection, "rate_limited", verdict, now);
    const { frame, id } = decodeFrame(message);
    if (frame) this.#apply(connection, frame, now);
    else this.#refuse(connection, "bad_message", countBadFrame(offences, now), now, id);
  }

  #apply(connection: Connection, frame: ClientFrame, now: number): void {
    const { user } = connection;
    switch (frame.type) {
      case "update": {
        const chose = this.#roster.update(now, user, frame);
        this.#save();
        if (chose) this.#tellSelf(user);
        break;
      }
      case "idle":
        this.#roster.idle(now, connection.ref, frame.idle);
        this.#save();
        break;
      case "sync":
        this.#broadcaster.greet(connection, null);
        break;
      case "leave":
        this.#roster.end(now, connection.ref, now);
        this.#save();
        break;
      default:
        frame satisfies never;
    }
    if (frame.id !== undefined) connection.send({ type: "ack", id: frame.id });
    if (frame.type === "leave") this.#part(connection, "left", CLOSE.left);
  }

  /** Answers a frame that was not applied, and closes the connection that sent too many. */
  #refuse(
    connection: Connection,
    code: "bad_message" | "rate_limited",
    verdict: "answer" | "close",
    now: number,
    id?: string,
  ): void {
    connection.save();
    connection.send({ type: "error", code, message: errorMessage(code), ...(id && { id }) });
    if (verdict === "answer") return;
    this.#roster.end(now, connection.ref, now);
    this.#save();
    this.#part(connection, code, code === "bad_message" ? CLOSE.badMessage : CLOSE.rateLimited);
  }

  /** Tells a member's own tabs what was chosen, and nobody else (SPEC W1). */
  #tellSelf(user: string): void {
    const text = JSON.stringify({ type: "self", id: user, chosen: this.#roster.chosenBy(user) });
    for (const connection of this.#connections) {
      if (connection.user === user) connection.send(text);
    }
  }

  /** A socket closed from outside; only who said goodbye leaves at once (SPEC L4). */
  #lose(ws: WebSocket, reason: "left" | "closed"): void {
    // Under some servers the closing socket that woke the room is no longer among its sockets.
    const connection = this.#connections.get(ws) ?? Connection.wake(ws);
    if (!connection) return;
    const now = Date.now();
    this.#roster.advance(now);
    if (reason === "left") this.#roster.end(now, connection.ref, now);
    else this.#roster.lose(now, connection.ref);
    this.#forget(connection, reason);
    this.#commit(now);
  }

  #expireSessions(now: number): void {
    for (const connection of this.#connections.expired(now)) {
      // The place is kept for the grace: with a new credential nobody sees them leave (SPEC L4).
      this.#roster.lose(now, connection.ref);
      this.#part(connection, "expired", CLOSE.session, "session_expired");
    }
  }

  #removeStale(now: number): void {
    for (const { connection, heardAt } of this.#connections.look(now)) {
      this.#roster.end(now, connection.ref, heardAt);
      this.#part(connection, "stale", CLOSE.stale);
    }
  }

  /** Closes a connection from the room's side. */
  #part(connection: Connection, reason: LeaveReason, code: number, name: string = reason): void {
    connection.close(code, name);
    this.#forget(connection, reason);
  }

  #forget(connection: Connection, reason: LeaveReason): void {
    this.#connections.delete(connection);
    this.#broadcaster.forget(connection);
    const { user, id } = connection;
    log("leave", { room: this.#name, user, connection: id, reason });
  }

  /** Stores what changed; what tells of it must be sent after this. */
  #save(): void {
    this.#roster.passChanges((changes) => {
      this.#store.write(changes, this.#roster.epoch, this.#roster.floor);
      this.#broadcaster.note(changes.visible);
    });
  }

  /** Stores what changed, tells it, and sets the alarm for what comes next. */
  #commit(now: number): void {
    this.#save();
    if (this.#roster.isEmpty) return this.#vacate();
    this.#broadcaster.publish(now);
    this.#alarm.wakeBy(Math.min(this.#roster.dueAt, this.#connections.dueAt));
  }

  /** Keeps nothing of a room that nobody is known in; whoever comes next begins a new epoch (SPEC L5). */
  #vacate(): void {
    if (!this.#store.exists) return;
    this.#store.clear();
    this.#alarm.unset();
    this.#broadcaster.stop();
    this.#roster = new Roster(this.#config.limits, this.#store.load());
    this.#broadcaster = new Broadcaster(this.#name, this.#roster, this.#connections);
  }

  /**
   * Runs what an event does. Where it throws, memory and storage may disagree: the room starts anew
   * from what is durable, which its clients survive like any restart (SPEC L6).
   */
  #orAbort<Result>(handle: () => Result): Result {
    try {
      return handle();
    } catch (error) {
      this.#logFailure(error);
      this.ctx.abort(describeError(error));
      throw error;
    }
  }

  #logFailure(error: unknown): void {
    log("failure", { code: "internal", room: this.#name, reason: describeError(error) });
  }
}
