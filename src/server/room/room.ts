import { DurableObject } from "cloudflare:workers";
import { PING, PONG } from "../../protocol/messages.ts";
import type { HubLink } from "../large/hub-link.ts";
import type { MessageId, KeptUser, Receipt, SentMember, ListUpdate } from "../large/messages.ts";
import { adopt, comeTo, keptOf, release } from "../large/take-over.ts";
import { takeUpdate } from "../large/take-update.ts";
import { errorResponse } from "../errors.ts";
import { answerError } from "../answer-error.ts";
import { answerHeaders, answerJson } from "../answer.ts";
import type { Env } from "../env.ts";
import { currentConfig } from "../access/policy.ts";
import { fromWorker, type OldRequest, type RoomRequest } from "./room-request.ts";
import { type Admission } from "../session/room-session.ts";
import type { Revocation } from "../user/revocation.ts";
import { closeSocket } from "../platform/close-socket.ts";
import { deliver } from "./deliver.ts";
import { statsOf } from "./stats.ts";
import { fail, isGoodbye, lose } from "./connections/leave.ts";
import { receive } from "./connections/frames.ts";
import { join } from "./connections/join.ts";
import type { Leases } from "./connections/leases.ts";
import { FloodBrake, PAUSE_MS } from "./flood-brake.ts";
import { answerRead } from "./read.ts";
import type {
  Counts,
  Ended,
  MemberView,
  RoomEvent,
  ObjectStats,
  RoomObject,
} from "./room-object.ts";
import type { RoomState } from "./room-state.ts";
import { Start } from "./start.ts";
import { rethrow, type TurnRunner } from "./turn-runner.ts";
import { forget, kick, revoke, view } from "./user-calls.ts";

/**
 * One room: a thin shell that runs each of the platform's events as one turn of its
 * {@link RoomState}. There is no await between a change and the end of its turn, so events cannot
 * interleave.
 */
export class Room extends DurableObject<Env> implements RoomObject {
  readonly #start: Start;
  readonly #brake = new FloodBrake();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#start = new Start(ctx, currentConfig(env));
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(() => this.#start.load());
  }

  get #room(): RoomState {
    return this.#start.whole.room;
  }

  get #runner(): TurnRunner {
    return this.#start.whole.runner;
  }

  get #leases(): Leases {
    return this.#start.whole.leases;
  }

  /** Answers a request of the Worker: an upgrade, a lease or a read. */
  override async fetch(request: Request): Promise<Response> {
    const asked = fromWorker(request);
    const { link } = this.#room;
    if (link !== null) return this.#fetchLarge(link, asked);
    return this.#runner.event(
      (now) => this.#answer(asked, request.headers.get("If-None-Match"), now),
      (error) => answerError(error, asked.requestId, this.#room.name),
      asked.ask !== "join" && asked.ask !== "watch",
    );
  }

  /** Answers a request to a shard of a large room, which may have to wait for others. */
  async #fetchLarge(link: HubLink, asked: RoomRequest | OldRequest): Promise<Response> {
    const room = this.#room;
    const { requestId } = asked;
    const refuse = (error: unknown) => answerError(error, requestId, room.name);
    if (asked.ask === "join" || asked.ask === "hold") {
      const user = asked.joiner.user.id;
      try {
        const kept = await comeTo(room, user, () => this.#runner.event(() => {}, rethrow));
        if (kept.length > 0) {
          this.#runner.event((now) => adopt(room, user, kept, now), rethrow);
          link.releaseWhenIncluded(user);
        }
      } catch (error) {
        room.logFault(error);
        return errorResponse("room_unavailable", requestId);
      }
    }
    if (asked.ask !== "hold") {
      return this.#runner.event((now) => this.#answer(asked, null, now), refuse);
    }
    const held = this.#runner.event((now) => this.#leases.begin(asked, now), refuse, true);
    if (held instanceof Response) return held;
    const { replaces } = asked.lease;
    if (replaces !== undefined) link.releaseWhenIncluded(held.user, replaces);
    try {
      await link.whenIncluded(held.user, () => this.#runner.event(() => {}, rethrow));
      return this.#runner.event(() => held.answer(), refuse);
    } catch {
      return errorResponse("room_unavailable", requestId);
    }
  }

  /** Sends an event of the app's backend (SPEC B1); returns to how many connections. */
  async deliver(event: RoomEvent): Promise<number> {
    return this.#call(() => deliver(this.#room, event));
  }

  /** Ends all connections of a user (SPEC B2); returns how many. */
  async kick(user: string): Promise<number> {
    return this.#call((now) => kick(this.#room, user, now));
  }

  /**
   * Ends the connections of revoked sessions (SPEC B3). A user's object of version 0.1.0
   * sends no stamp; it gets only the number of closed connections.
   */
  async revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number> {
    return this.#call((now) => {
      const ended = revoke(this.#room, user, revocation, stamp ?? 0, now);
      if (stamp === undefined) return ended.closed;
      this.#room.answeredDepartures.add(user);
      return ended;
    });
  }

  /**
   * Closes a user's connections and forgets the user, except for what was admitted since (SPEC
   * B11).
   */
  async forget(user: string, before: Admission): Promise<Ended> {
    return this.#call((now) => {
      this.#room.answeredDepartures.add(user);
      return forget(this.#room, user, before, now);
    });
  }

  /**
   * Returns how others see a user here. The caller is the user's object; `stamp` is the one it
   * lists the room with (SPEC B4).
   */
  async sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }> {
    return this.#call((now) => view(this.#room, user, stamp, now));
  }

  /** Returns the room's counts, for the list of rooms (SPEC B9). */
  async count(): Promise<Counts> {
    return this.#call(() => {
      const { online, connections } = this.#room.roster.list;
      return { online, connections };
    });
  }

  /** Returns the room's figures, for the app's backend (SPEC B10). */
  async stats(): Promise<ObjectStats> {
    return this.#call(() => statsOf(this.#room));
  }

  /** Ends a lease (SPEC P2); returns whether there was one. */
  async endLease(connection: string, closing: boolean, _user?: string): Promise<boolean> {
    return this.#call((now) => this.#leases.end(connection, closing, now));
  }

  /** Takes an update of the hub of a large room (SPEC N3). */
  async tell(update: ListUpdate): Promise<Receipt | "unwanted"> {
    return this.#call((now) => takeUpdate(this.#room, update, now));
  }

  /** Makes this shard report everything, unless `last` is its last report, which the hub has (SPEC N4). */
  async speak(last: MessageId | null): Promise<void> {
    return this.#call(() => this.#room.link?.speak(last));
  }

  /** Returns the members of other shards that the copy has (SPEC N4). */
  async recall(shards: string[]): Promise<SentMember[] | null> {
    return this.#call(() => this.#room.link?.copy.recall(shards) ?? null);
  }

  /** Returns what is kept of a user who moves to a shard of another generation (SPEC N6). */
  async takeOver(user: string, of: number): Promise<KeptUser | null> {
    return this.#call(() => {
      this.#room.link?.noteGeneration(of);
      return keptOf(this.#room, user);
    });
  }

  /** Ends what is kept of such a user, except live connections; of these, the one of a lease that moved. */
  async release(user: string, movedLease?: string): Promise<void> {
    return this.#call((now) => release(this.#room, user, movedLease, now));
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#start.answers(ws, message)) return;
    const connection = this.#room.connections.get(ws);
    if (!connection) return this.#drop();
    const now = Date.now();
    if (this.#room.signals?.ignores(connection, message, now)) {
      connection.heard(now);
      return this.#drop();
    }
    this.#runner.event(
      (now) => {
        connection.heard(now);
        if (message === PING) connection.send(PONG);
        else receive(this.#room, connection, message, now);
      },
      (error) => fail(this.#room, connection, error, Date.now()),
    );
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    // A start does not find a socket that is closed.
    this.#start.loadAll();
    // The platform does not answer a hibernatable socket's close by itself (SPEC W13).
    closeSocket(ws, code, reason);
    this.#lose(ws, isGoodbye(code, reason) ? "left" : "closed");
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    this.#lose(ws, "closed");
  }

  override async alarm(): Promise<void> {
    this.#runner.alarm();
  }

  /** Runs a call of another object or of the Worker; its result is durable. */
  #call<Result>(act: (now: number) => Result): Result {
    return this.#runner.event(
      act,
      (error) => {
        this.#room.logFault(error);
        throw error;
      },
      true,
    );
  }

  #answer(asked: RoomRequest | OldRequest, condition: string | null, now: number): Response {
    const room = this.#room;
    const { requestId } = asked;
    switch (asked.ask) {
      case "read":
        return answerRead(asked, condition, room);
      case "join":
      case "watch":
        return join(room, asked, now, (ws) => this.ctx.acceptWebSocket(ws));
      case "hold":
        return this.#leases.hold(asked, now);
      case "stats":
        return answerJson(statsOf(room), requestId);
      case "leave":
        this.#leases.end(asked.leaving.connection, asked.leaving.closing, now);
        return new Response(null, { status: 204, headers: answerHeaders(requestId) });
      default:
        return asked satisfies never;
    }
  }

  /** Drops a message unread. */
  #drop(): void {
    if (!this.#brake.pauses()) return;
    void this.ctx.blockConcurrencyWhile(() => scheduler.wait(PAUSE_MS));
  }

  #lose(ws: WebSocket, reason: "left" | "closed"): void {
    const room = this.#room;
    this.#runner.event(
      (now) => lose(room, ws, reason, now),
      (error) => room.logFault(error),
    );
  }
}
