import { CLOSE } from "../../../protocol/close-codes.ts";
import { closeSocket } from "../../platform/close-socket.ts";
import { Connection } from "./connection.ts";
import { judge, judgeAgainAt, type Timing } from "./liveness.ts";
import { findNonReaders, type Backlog } from "./backlog.ts";

/** A connection that did not answer its probe, and when it was last heard. */
interface Stale {
  connection: Connection;
  heardAt: number;
}

const NOBODY: readonly Connection[] = [];

/** The room's open sockets, the connection of each, and when to check them next. */
export class Connections {
  readonly #timing: Timing;
  readonly #pingedAt: (ws: WebSocket) => Date | null;
  readonly #bySocket = new Map<WebSocket, Connection>();
  /** The connections of each signed-in user: most have one, and a set takes more than all else here. */
  readonly #byUser = new Map<string, Connection | Set<Connection>>();
  /** The connections with a window, and, if there are any, those without (SPEC S4). */
  readonly #windows = new Set<Connection>();
  #whole: Set<Connection> | null = null;
  /** How many of the windows have the limit 0, and so show only watched users. */
  #watchOnly = 0;
  /** The connections that only watch. */
  readonly #watchers = new Set<Connection>();
  /** Those of them without a session (SPEC S3). */
  readonly #strangers = new Set<Connection>();
  /** When to look for signs of life next. */
  #lookAt = Number.POSITIVE_INFINITY;
  /** No later than the first deadline of a connection. */
  #deadlineAt = Number.POSITIVE_INFINITY;
  /** When to judge the connections that owe a proof of reading next. */
  #proofAt = Number.POSITIVE_INFINITY;
  readonly #noteOwing = ({ dueAt }: Backlog): void => {
    this.#proofAt = Math.min(this.#proofAt, dueAt);
  };

  /** `pingedAt` returns when the platform last answered a socket's ping by itself. */
  constructor(timing: Timing, pingedAt: (ws: WebSocket) => Date | null) {
    this.#timing = timing;
    this.#pingedAt = pingedAt;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  /** No later than when {@link takeDue}, {@link look} or {@link nonReaders} has something to do. */
  get dueAt(): number {
    return Math.min(this.#lookAt, this.#deadlineAt, this.#proofAt);
  }

  /** The connections with a window. */
  get windows(): ReadonlySet<Connection> {
    return this.#windows;
  }

  /** How many windows have the limit 0, and so show only watched users. */
  get watchOnly(): number {
    return this.#watchOnly;
  }

  /** The connections that are shown the whole room. */
  get whole(): { readonly size: number; [Symbol.iterator](): IterableIterator<Connection> } {
    return this.#whole ?? this;
  }

  /** The number of watchers' connections (SPEC S2). */
  get watching(): number {
    return this.#watchers.size;
  }

  /** The number of watchers without a session. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** The number of a user's connections that only watch. */
  watchingOf(user: string): number {
    if (this.#watchers.size === 0) return 0;
    return [...this.of(user)].filter(({ isWatcher }) => isWatcher).length;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#bySocket.values();
  }

  get(ws: WebSocket): Connection | undefined {
    return this.#bySocket.get(ws);
  }

  /** A user's connections. */
  of(user: string): Iterable<Connection> {
    const known = this.#byUser.get(user);
    if (known === undefined) return NOBODY;
    return known instanceof Set ? known : [known];
  }

  add(connection: Connection, now: number): void {
    if (this.size === 0) this.#lookAt = now + this.#timing.probeAfterMs;
    this.#bySocket.set(connection.ws, connection);
    this.#sort(connection);
    connection.onOwing = this.#noteOwing;
    this.#noteOwing(connection.backlog);
    this.#enter(connection);
    this.noteDeadline(connection);
  }

  /** Runs a `change` that gives a connection to another user, or to nobody. */
  reassign(connection: Connection, change: () => void): void {
    this.#remove(connection);
    this.#unsort(connection);
    change();
    this.#sort(connection);
    this.#enter(connection);
    this.noteDeadline(connection);
  }

  /** Call it when a connection's deadline may be earlier than before. */
  noteDeadline({ dueAt }: Connection): void {
    this.#deadlineAt = Math.min(this.#deadlineAt, dueAt);
  }

  delete(connection: Connection): void {
    if (!this.#bySocket.delete(connection.ws)) return;
    this.#unsort(connection);
    if (this.#windows.size === 0) this.#whole = null;
    this.#remove(connection);
    if (this.size > 0) return;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#deadlineAt = Number.POSITIVE_INFINITY;
    this.#proofAt = Number.POSITIVE_INFINITY;
  }

  /** The sockets of a user that make them present. */
  memberSocketsOf(user: string): Iterable<Connection> {
    const all = this.of(user);
    return this.#watchers.size === 0 ? all : [...all].filter(({ isWatcher }) => !isWatcher);
  }

  /**
   * Takes the sockets that survived hibernation. The alarm was set for the next look, or for something
   * earlier, so that a look at `alarmAt` is never late. Returns the time of the last loss that was
   * noted on one of them; `null` for none, and if a damaged socket had to be closed.
   */
  wake(sockets: Iterable<WebSocket>, alarmAt: number): number | null {
    let lossAt = Number.NEGATIVE_INFINITY;
    let isDamaged = false;
    for (const ws of sockets) {
      const connection = this.#wakeOne(ws, alarmAt);
      if (connection === "damaged") isDamaged = true;
      else lossAt = Math.max(lossAt, connection?.lossAt ?? lossAt);
    }
    if (this.size > 0) this.#lookAt = alarmAt;
    return isDamaged || lossAt === Number.NEGATIVE_INFINITY ? null : lossAt;
  }

  /** A socket with a damaged attachment is closed alone, so that the room still wakes. */
  #wakeOne(ws: WebSocket, now: number): Connection | "damaged" | null {
    const known = this.#bySocket.get(ws);
    if (known) return known;
    try {
      const connection = Connection.wake(ws);
      if (connection) this.add(connection, now);
      return connection;
    } catch {
      this.#bySocket.delete(ws);
      ws.serializeAttachment(null);
      closeSocket(ws, CLOSE.fault, "internal");
      return "damaged";
    }
  }

  /** The connections whose deadline has come; the next call includes those that still stand. */
  takeDue(now: number): Connection[] {
    if (now < this.#deadlineAt) return [];
    const due = [...this].filter(({ dueAt }) => dueAt <= now);
    this.#deadlineAt = Number.POSITIVE_INFINITY;
    for (const connection of this) if (connection.dueAt > now) this.noteDeadline(connection);
    return due;
  }

  /**
   * The connections that did not answer their probe, and the silent ones to probe now (SPEC L2,
   * L3). Called at every alarm, whatever it was set for: that puts off the next look.
   */
  look(now: number): { stale: Stale[]; silent: Connection[] } {
    const stale: Stale[] = [];
    const silent: Connection[] = [];
    this.#lookAt = Number.POSITIVE_INFINITY;
    for (const connection of this) {
      const heardAt = connection.heardAt(this.#pingedAt(connection.ws));
      const { probedAt } = connection;
      const verdict = judge({ heardAt, probedAt }, now, this.#timing);
      if (verdict === "stale") stale.push({ connection, heardAt });
      if (verdict === "probe") silent.push(connection);
      const pulse = verdict === "probe" ? { heardAt, probedAt: now } : { heardAt, probedAt };
      const againAt = judgeAgainAt(pulse, this.#timing);
      if (verdict !== "stale") this.#lookAt = Math.min(this.#lookAt, againAt);
    }
    return { stale, silent };
  }

  /** The connections that have owed too large a proof of reading for too long (SPEC W14). */
  nonReaders(now: number, snapshotLength: () => number): Connection[] {
    if (now < this.#proofAt) return [];
    this.#proofAt = Number.POSITIVE_INFINITY;
    const owing: Connection[] = [];
    for (const connection of this) {
      if (connection.backlog.dueAt <= now) owing.push(connection);
      else this.#noteOwing(connection.backlog);
    }
    return findNonReaders(owing, snapshotLength);
  }

  #unsort(connection: Connection): void {
    if (this.#windows.delete(connection) && connection.limit === 0) this.#watchOnly--;
    this.#whole?.delete(connection);
  }

  #sort(connection: Connection): void {
    // One that signs in is added once more.
    if (this.#windows.has(connection)) return;
    if (connection.limit === null) {
      this.#whole?.add(connection);
      return;
    }
    // If nobody has a window, keeping the others in a separate set would slow down each join.
    this.#whole ??= new Set([...this].filter(({ limit }) => limit === null));
    this.#windows.add(connection);
    if (connection.limit === 0) this.#watchOnly++;
  }

  #enter(connection: Connection): void {
    const { user } = connection;
    if (connection.isWatcher && connection.isAdmitted) {
      this.#watchers.add(connection);
      if (user === undefined) this.#strangers.add(connection);
    }
    if (user === undefined) return;
    const known = this.#byUser.get(user);
    if (known instanceof Set) known.add(connection);
    else this.#byUser.set(user, known ? new Set([known, connection]) : connection);
  }

  #remove(connection: Connection): void {
    const { user } = connection;
    if (connection.isWatcher) {
      this.#watchers.delete(connection);
      this.#strangers.delete(connection);
    }
    if (user === undefined) return;
    const known = this.#byUser.get(user);
    if (known instanceof Set) known.delete(connection);
    if (known === connection || (known instanceof Set && known.size === 0)) {
      this.#byUser.delete(user);
    }
  }
}
