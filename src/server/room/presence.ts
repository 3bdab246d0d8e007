import { CLOSE } from "../../protocol/close-codes.ts";
import { PROTOCOL, SIGN_IN_SECONDS, type ServerFrame } from "../../protocol/messages.ts";
import type { Since } from "../../protocol/since.ts";
import type { Config } from "../config.ts";
import type { ErrorCode } from "../errors.ts";
import { describeError, log } from "../log.ts";
import type { RoomSession, UsedTicket } from "../room-request.ts";
import { tellLeft } from "../user/user-stub.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Barriers, BARRIER_MS } from "./barriers.ts";
import { Broadcaster } from "./broadcaster.ts";
import { closeSocket, type Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { GroupCommit } from "./group-commit.ts";
import type { LeaveReason } from "./leave-reason.ts";
import { timingFor, type Timing } from "./liveness.ts";
import { Outside } from "./outside.ts";
import type { Changes, ConnectionRef, Departure } from "./changes.ts";
import type { NewPlace } from "./member.ts";
import { Roster } from "./roster.ts";
import { Sequence } from "./sequence.ts";
import { statsOf, type RoomStats } from "./stats.ts";
import { Store } from "./store.ts";
import { UsedTickets } from "./tickets.ts";
import { WriteFailure } from "./write-failure.ts";

/**
 * Who is present in a room, and all that holds it together: roster, storage, sockets, alarm. It is
 * told what happened and changes the roster; {@link commit} at the end of an event stores that, and
 * sets the alarm, now or together with what the next events change. What tells of it is sent after.
 */
export class Presence {
  readonly name: string;
  readonly config: Config;
  readonly connections: Connections;
  readonly alarm: AlarmClock;
  readonly barriers: Barriers;
  readonly #timing: Timing;
  readonly #store: Store;
  readonly #tickets: UsedTickets;
  readonly #commits: GroupCommit;
  /** Runs what no event does, and sees to its faults. */
  readonly guard: (act: () => void) => void;
  readonly #keepAwake: (work: Promise<void>) => void;
  readonly #outside: Outside;
  /** Whose departure the answer to their object's own call tells. */
  readonly #answered = new Set<string>();
  /** Connections that were removed as stale since the last commit. */
  #ghosts = 0;
  /** The numbers of the events of an epoch; `null` before the first. */
  #events: { epoch: string; numbers: Sequence } | null = null;
  #roster: Roster;
  #broadcaster: Broadcaster;

  /** `guard` runs what a timer does, and sees to its faults. */
  constructor(ctx: DurableObjectState, config: Config, guard: (act: () => void) => void) {
    this.name = ctx.id.name ?? "";
    this.config = config;
    this.#timing = timingFor(config.limits.staleMs);
    this.connections = new Connections(this.#timing, (ws) =>
      ctx.getWebSocketAutoResponseTimestamp(ws),
    );
    this.alarm = new AlarmClock(ctx.storage);
    this.#store = new Store(ctx.storage, this.name);
    this.#tickets = new UsedTickets(ctx.storage);
    this.barriers = new Barriers(ctx.storage);
    this.guard = guard;
    this.#keepAwake = (work) => ctx.waitUntil(work);
    this.#outside = new Outside(config, {
      storage: ctx.storage,
      room: this.name,
      sweepEveryMs: this.#timing.sweepEveryMs,
      keepAwake: this.#keepAwake,
      guard,
      settle: (now) => this.settle(now),
      countDead: (messages) => this.#store.count("dead", messages),
    });
    this.#commits = new GroupCommit({
      store: (now) => this.#write(now),
      publish: (now) => this.#broadcaster.publish(now),
      guard,
    });
    this.#roster = new Roster(config.limits, this.#store.load());
    this.#broadcaster = this.#newBroadcaster();
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
    // A room whose sockets outlived its sleep, or that keeps nothing, has told how many are there.
    this.#outside.open(live.size > 0 || !this.#store.exists ? this.#roster : null);
    for (const { user, connection } of this.#roster.reconcile(now, live)) {
      log("leave", { room: this.name, user, connection, reason: "closed" });
    }
    this.#recallDepartures(now);
    // What was stored was damaged: what the sockets hold is of an epoch that has ended.
    if (this.#store.exists && this.#store.epoch !== this.#roster.epoch) {
      for (const connection of this.connections) {
        if (connection.session !== null) this.#broadcaster.greet(connection, null);
      }
    }
    this.advance(now);
    this.settle(now);
  }

  /** Does what time alone brings about; to be called first at each event. */
  advance(now: number): void {
    this.#roster.advance(now);
    this.#tickets.advance(now);
    this.barriers.advance(now);
  }

  /** Whether a session was admitted too early, and must be admitted anew (SPEC B3, B4). */
  isStale({ user, admission }: RoomSession, now: number): boolean {
    if (this.config.users === null || !admission) return false;
    const member = this.#roster.find(user.id);
    const isHere = member !== undefined && member.places.length > 0;
    const stamp = this.#roster.stampOf(user.id);
    return this.barriers.isStale(user.id, admission, { isHere, stamp, now });
  }

  /** Uses a ticket up, or tells that it was used before (SPEC T1). */
  useTicket(ticket: UsedTicket | undefined): ErrorCode | null {
    if (ticket === undefined) return null;
    if (this.#tickets.has(ticket)) return "session_invalid";
    this.#tickets.add(ticket);
    return null;
  }

  /** Takes a session's new connection into the roster, or tells why not (SPEC A6, T1, P1). */
  admit(
    session: RoomSession,
    connection: string,
    now: number,
    how: NewPlace & { ticket?: UsedTicket | undefined } = {},
  ): ErrorCode | null {
    if (how.ticket && this.#tickets.has(how.ticket)) return "session_invalid";
    const verdict = this.#roster.join(now, session, connection, how);
    if (verdict !== "joined") return verdict;
    try {
      return this.useTicket(how.ticket);
    } catch (error) {
      this.#roster.end(now, { user: session.user.id, connection }, now);
      throw error;
    }
  }

  /** Welcomes a connection that was admitted: its first frame, and its state to come (SPEC W1, W2). */
  welcome(connection: Connection, session: RoomSession, since: Since | null, now: number): void {
    this.connections.add(connection, now);
    this.send(connection, {
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
    for (const connection of this.connections.of(user)) this.send(connection, text);
  }

  /** Sends a frame once all that has changed so far is stored. */
  send(connection: Connection, frame: ServerFrame | string): void {
    this.#commits.afterwards(() => connection.send(frame));
  }

  /** The id of one more event: `<epoch>.<number>`, the number being higher than any before (SPEC B1). */
  nextEventId(): string {
    const { epoch } = this.#roster;
    if (this.#events?.epoch !== epoch) this.#events = { epoch, numbers: this.#numbersOf(epoch) };
    return `${epoch}.${this.#events.numbers.next()}`;
  }

  /** Parts a connection from its user: the socket waits for another sign-in, for a while (SPEC T6). */
  signOut(connection: Connection, reason: LeaveReason, now: number): void {
    this.logLeave(connection, reason);
    this.connections.reassign(connection, () => connection.signOut(now + SIGN_IN_SECONDS * 1000));
    this.#broadcaster.forget(connection);
    this.send(connection, { type: "authenticate", within: SIGN_IN_SECONDS });
  }

  /** Closes a connection from the room's side; its place is the caller's to end or to keep. */
  close(connection: Connection, reason: LeaveReason, code: number, name: string = reason): void {
    connection.release();
    this.#commits.afterwards(() => closeSocket(connection.ws, code, name));
    this.forget(connection, reason);
  }

  /** Drops a connection whose socket is closed or closing. */
  forget(connection: Connection, reason: LeaveReason): void {
    this.connections.delete(connection);
    this.#broadcaster.forget(connection);
    this.logLeave(connection, reason);
  }

  /** Does what concerns one connection; a fault in it ends that one alone (SPEC L4). */
  attempt(connection: Connection, now: number, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof WriteFailure) throw error;
      this.fail(connection, error, now);
    }
  }

  /** Ends a connection that a fault of ours has struck: its place is kept for the grace (SPEC L4). */
  fail(connection: Connection, error: unknown, now: number): void {
    this.logFault(error);
    if (this.connections.get(connection.ws) !== connection) return;
    this.#roster.lose(now, connection.ref);
    this.close(connection, "internal", CLOSE.fault, "internal");
  }

  /** Takes back a connection that was admitted, and that nobody is behind after all. */
  retract(ref: ConnectionRef, connection: Connection | null, now: number): void {
    this.#roster.end(now, ref, now);
    if (connection === null) return;
    this.connections.delete(connection);
    this.#broadcaster.forget(connection);
  }

  /** Keeps the room awake for what no event waits for (SPEC L7). */
  beside(work: Promise<unknown>): void {
    this.#keepAwake(
      work.then(
        () => {},
        (error: unknown) => this.logFault(error),
      ),
    );
  }

  logFault(error: unknown): void {
    log("failure", { code: "internal", room: this.name, reason: describeError(error) });
  }

  logLeave({ user, id }: Connection, reason: LeaveReason): void {
    if (reason === "stale") this.#ghosts++;
    if (user !== undefined) log("leave", { room: this.name, user, connection: id, reason });
  }

  /**
   * To be called at the end of each event: stores what it changed, and tells it, now or soon.
   *
   * @throws WriteFailure
   */
  commit(now: number): void {
    this.#commits.soon(now);
  }

  /**
   * Stores what changed, and tells it, now: what is read after this is durable.
   *
   * @throws WriteFailure
   */
  settle(now: number): void {
    this.#commits.now(now);
  }

  /** Lets the answer to a call of a user's object tell it, and nothing else, that the user left. */
  answerDeparture(user: string): void {
    this.#answered.add(user);
  }

  /** What the app's backend may know of the room (SPEC B10). */
  stats(): RoomStats {
    return statsOf(this.name, {
      roster: this.#roster,
      sockets: this.connections.size,
      outbox: this.#outside.stats(),
      tally: (tally) => this.#store.tally(tally),
    });
  }

  /** Writes what changed; tells whether anything had. */
  #write(now: number): boolean {
    let wrote = false;
    this.#roster.passChanges((changes) => {
      wrote = this.#store.write(changes, this.#roster.epoch, this.#roster.floor);
      this.#outside.note(changes, this.#roster, now);
      this.#broadcaster.note(changes.visible.keys());
      this.#buryGhosts(changes);
      for (const departure of changes.departed) this.#depart(departure, now);
      this.#answered.clear();
      for (const user of changes.forgotten) this.barriers.raiseForgotten(user, now);
    });
    this.#outside.tell(this.#roster, now);
    if (this.#roster.isEmpty && this.#tickets.isEmpty && this.barriers.isEmpty) this.#vacate();
    this.alarm.wakeBy(
      Math.min(
        this.#roster.dueAt,
        this.connections.dueAt,
        this.#tickets.dueAt,
        this.#outside.dueAt,
        this.barriers.dueAt,
      ),
    );
    return wrote;
  }

  /** Counts what was removed without a goodbye, where somebody can ask for it. */
  #buryGhosts({ expired }: Changes): void {
    for (const { user, connection } of expired) {
      log("leave", { room: this.name, user, connection, reason: "stale" });
    }
    const ghosts = this.#ghosts + expired.length;
    this.#ghosts = 0;
    if (ghosts > 0 && this.config.serverKeys.length > 0) this.#store.count("ghosts", ghosts);
  }

  /** Tells the user's object, once it is stored; a member forgotten too soon leaves a barrier. */
  #depart(departure: Departure, now: number): void {
    const { users } = this.config;
    const { user, stamp } = departure;
    if (users === null || stamp === 0) return;
    this.barriers.noteDeparture(user, stamp, now);
    if (this.#answered.has(user)) return;
    this.#commits.afterwards(() => void tellLeft(users, this.name, departure));
  }

  /** Who left shortly before the start may be forgotten soon after it. */
  #recallDepartures(now: number): void {
    const { users, limits } = this.config;
    if (users === null) return;
    // What is known is when they were last seen: their last place ended later by this at most.
    const lateMs = Math.max(limits.staleMs, limits.graceMs);
    for (const { id, stamp } of this.#roster.departedSince(now - BARRIER_MS - lateMs)) {
      this.barriers.noteDeparture(id, stamp, now);
    }
  }

  #newBroadcaster(): Broadcaster {
    return new Broadcaster(this.name, this.#roster, this.connections, {
      store: (now) => this.#commits.write(now),
      guard: this.guard,
    });
  }

  /**
   * Keeps nothing of a room that nobody is known in; whoever comes next begins a new epoch (SPEC
   * L5). What others were not told yet is kept for so long.
   */
  #vacate(): void {
    const { needs } = this.#outside;
    if (needs === "room") return;
    const isKnown = this.#store.exists;
    if (needs === "outbox") {
      if (isKnown) this.#store.clearMembers();
    } else if (isKnown || this.barriers.exists || this.#outside.isStored) {
      this.#store.clear();
      this.barriers.clear();
      this.#tickets.clear();
      this.#outside.clear();
      this.alarm.unset();
    }
    if (!isKnown) return;
    this.#broadcaster.stop();
    this.#roster = new Roster(this.config.limits, this.#store.load());
    this.#broadcaster = this.#newBroadcaster();
  }

  #numbersOf(epoch: string): Sequence {
    const reserved = this.#store.reservedEvents(epoch);
    return new Sequence(reserved, (below) => this.#store.reserveEvents(below, epoch));
  }
}
