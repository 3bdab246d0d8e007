import { CLOSE } from "../../protocol/close-codes.ts";
import { PROTOCOL, SIGN_IN_SECONDS } from "../../protocol/messages.ts";
import type { Since } from "../../protocol/since.ts";
import type { Config } from "../config.ts";
import type { ErrorCode } from "../errors.ts";
import { log } from "../log.ts";
import type { RoomSession, UsedTicket } from "../room-request.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Broadcaster } from "./broadcaster.ts";
import type { Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { timingFor, type Timing } from "./liveness.ts";
import { Roster } from "./roster.ts";
import { Store } from "./store.ts";
import { UsedTickets } from "./tickets.ts";

/** Why a connection ended, as its log line tells (SPEC O3). */
export type LeaveReason =
  | "left"
  | "closed"
  | "stale"
  | "expired"
  | "replaced"
  | "bad_message"
  | "rate_limited";

/**
 * Who is present in a room, and all that holds it together: roster, storage, sockets, alarm. It is
 * told what happened, changes the roster, and {@link save}s before any frame tells of it; at the end
 * of an event {@link commit} stores, broadcasts and sets the alarm.
 */
export class Presence {
  readonly name: string;
  readonly config: Config;
  readonly connections: Connections;
  readonly alarm: AlarmClock;
  readonly #timing: Timing;
  readonly #store: Store;
  readonly #tickets: UsedTickets;
  #roster: Roster;
  #broadcaster: Broadcaster;

  constructor(ctx: DurableObjectState, config: Config) {
    this.name = ctx.id.name ?? "";
    this.config = config;
    this.#timing = timingFor(config.limits.staleMs);
    this.connections = new Connections(this.#timing, (ws) =>
      ctx.getWebSocketAutoResponseTimestamp(ws),
    );
    this.alarm = new AlarmClock(ctx.storage);
    this.#store = new Store(ctx.storage);
    this.#tickets = new UsedTickets(ctx.storage);
    this.#roster = new Roster(config.limits, this.#store.load());
    this.#broadcaster = new Broadcaster(this.name, this.#roster, this.connections);
  }

  get roster(): Roster {
    return this.#roster;
  }

  get broadcaster(): Broadcaster {
    return this.#broadcaster;
  }

  /** After a start: finds the sockets again, and what was lost while nobody listened (SPEC L6). */
  wake(sockets: Iterable<WebSocket>, now: number): void {
    const live = this.connections.wake(sockets, this.alarm.at ?? now);
    for (const { user, connection } of this.#roster.reconcile(now, live)) {
      log("leave", { room: this.name, user, connection, reason: "closed" });
    }
    this.advance(now);
    this.commit(now);
  }

  /** Does what time alone brings about; to be called first at each event. */
  advance(now: number): void {
    this.#roster.advance(now);
    this.#tickets.advance(now);
  }

  /** Takes a session's new connection into the roster, or tells why not (SPEC A6, T1). */
  admit(
    session: RoomSession,
    connection: string,
    now: number,
    ticket?: UsedTicket,
  ): ErrorCode | null {
    if (ticket && this.#tickets.has(ticket)) return "session_invalid";
    const verdict = this.#roster.join(now, session, connection);
    if (verdict !== "joined") return verdict;
    this.save();
    if (ticket) this.#tickets.add(ticket);
    return null;
  }

  /** Welcomes a connection that was admitted: its first frame, and its state to come (SPEC W1, W2). */
  welcome(connection: Connection, session: RoomSession, since: Since | null, now: number): void {
    this.connections.add(connection, now);
    connection.send({
      type: "welcome",
      protocol: PROTOCOL,
      room: this.name,
      connection: connection.id,
      self: { id: session.user.id, chosen: this.#roster.chosenBy(session.user.id) },
      heartbeat: this.#timing.heartbeatSeconds,
      expiresAt: new Date(session.expiresAt).toISOString(),
    });
    this.#broadcaster.greet(connection, since);
  }

  /** Tells a member's own tabs what was chosen, and nobody else (SPEC W1). */
  tellSelf(user: string): void {
    const text = JSON.stringify({ type: "self", id: user, chosen: this.#roster.chosenBy(user) });
    for (const connection of this.connections) {
      if (connection.user === user) connection.send(text);
    }
  }

  /** Parts a connection from its user: the socket waits for another sign-in, for a while (SPEC T6). */
  signOut(connection: Connection, reason: LeaveReason, now: number): void {
    this.logLeave(connection, reason);
    connection.signOut(now + SIGN_IN_SECONDS * 1000);
    this.#broadcaster.forget(connection);
    this.connections.noteDeadline(connection);
    connection.send({ type: "authenticate", within: SIGN_IN_SECONDS });
  }

  /** Ends the connections that did not answer their probe (SPEC L2, L3). */
  removeStale(now: number): void {
    for (const { connection, heardAt } of this.connections.look(now)) {
      this.#roster.end(now, connection.ref, heardAt);
      this.close(connection, "stale", CLOSE.stale);
    }
  }

  /** Ends the connections whose session has ended, or who never signed in; answers who is to get notice. */
  expire(now: number): Connection[] {
    const ending: Connection[] = [];
    for (const connection of this.connections.takeDue(now)) {
      if (connection.session === null) {
        this.close(connection, "expired", CLOSE.session, "unauthenticated");
      } else if (connection.session.expiresAt > now) {
        ending.push(connection);
      } else {
        // The place is kept for the grace: with a new credential nobody sees them leave (SPEC L4).
        this.#roster.lose(now, connection.ref);
        this.close(connection, "expired", CLOSE.session, "session_expired");
      }
    }
    return ending;
  }

  /** Closes a connection from the room's side; its place is the caller's to end or to keep. */
  close(connection: Connection, reason: LeaveReason, code: number, name: string = reason): void {
    connection.close(code, name);
    this.forget(connection, reason);
  }

  /** Drops a connection whose socket is closed or closing. */
  forget(connection: Connection, reason: LeaveReason): void {
    this.connections.delete(connection);
    this.#broadcaster.forget(connection);
    this.logLeave(connection, reason);
  }

  logLeave({ user, id }: Connection, reason: LeaveReason): void {
    if (user !== undefined) log("leave", { room: this.name, user, connection: id, reason });
  }

  /** Stores what changed; what tells of it must be sent after this. */
  save(): void {
    this.#roster.passChanges((changes) => {
      this.#store.write(changes, this.#roster.epoch, this.#roster.floor);
      this.#broadcaster.note(changes.visible);
    });
  }

  /** Stores what changed, tells it, and sets the alarm for what comes next. */
  commit(now: number): void {
    this.save();
    if (this.#roster.isEmpty && this.#tickets.isEmpty) this.#vacate();
    this.#broadcaster.publish(now);
    const { dueAt } = this.connections;
    this.alarm.wakeBy(Math.min(this.#roster.dueAt, dueAt, this.#tickets.dueAt));
  }

  /** Keeps nothing of a room that nobody is known in; whoever comes next begins a new epoch (SPEC L5). */
  #vacate(): void {
    if (!this.#store.exists) return;
    this.#store.clear();
    this.#tickets.clear();
    this.alarm.unset();
    this.#broadcaster.stop();
    this.#roster = new Roster(this.config.limits, this.#store.load());
    this.#broadcaster = new Broadcaster(this.name, this.#roster, this.connections);
  }
}
