import type { Config } from "../config/config.ts";
import { describeError, log } from "../log.ts";
import { AlarmClock } from "../platform/alarm-clock.ts";
import { Barriers, BARRIER_MS } from "./storage/barriers.ts";
import { Broadcaster } from "./broadcaster.ts";
import { Connections } from "./connections/connections.ts";
import { timingFor, type Timing } from "./connections/liveness.ts";
import { Occupancy } from "./occupancy.ts";
import { Replies } from "./replies.ts";
import { Roster } from "./members/roster.ts";
import { Store } from "./storage/store.ts";
import { UsedTickets } from "./storage/tickets.ts";
import { WatchTable } from "./storage/watch-table.ts";
import type { Connection } from "./connections/connection.ts";
import { WatchLists } from "./windows/watch-lists.ts";
import type { Task } from "./task.ts";
import { openWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

/** What a room is made from. */
export interface RoomParts {
  name: string;
  config: Config;
  storage: DurableObjectStorage;
  /** Tells when the platform last answered a socket's ping by itself. */
  pingedAt: (ws: WebSocket) => Date | null;
}

/**
 * All that a room knows and keeps. Events change it; the end of each turn stores and tells what
 * changed.
 */
export class RoomState {
  readonly name: string;
  readonly config: Config;
  readonly timing: Timing;
  readonly connections: Connections;
  /** It is another after {@link begin}. */
  roster: Roster;
  readonly broadcaster: Broadcaster;
  readonly alarm: AlarmClock;
  readonly barriers: Barriers;
  readonly tickets: UsedTickets;
  readonly store: Store;
  /** Whom connections watch, and where that is kept. */
  readonly watchLists = new WatchLists<Connection>();
  readonly watchTable: WatchTable;
  /** `null` where none are sent. */
  readonly webhooks: Webhooks | null;
  /** `null` where rooms are not listed, and before the room is awake. */
  occupancy: Occupancy | null = null;
  readonly replies = new Replies();
  /** What is to begin when the turn has ended. */
  readonly tasks: Task[] = [];
  /** Users whose departure the answer to their object's own call tells, and nothing else. */
  readonly answeredDepartures = new Set<string>();
  /** Users by whom a watching connection has ended, and the newest stamp that it was admitted with. */
  readonly partedWatchers = new Map<string, number>();
  /** Connections that were removed as stale since the last commit. */
  ghosts = 0;

  constructor({ name, config, storage, pingedAt }: RoomParts) {
    this.name = name;
    this.config = config;
    this.timing = timingFor(config.limits.staleMs);
    this.connections = new Connections(this.timing, pingedAt);
    this.alarm = new AlarmClock(storage);
    this.store = new Store(storage, name);
    this.tickets = new UsedTickets(storage);
    this.barriers = new Barriers(storage);
    this.webhooks = openWebhooks(config.webhook, storage, name);
    this.roster = new Roster(config.limits, this.store.load());
    this.watchTable = new WatchTable(storage, name);
    this.broadcaster = new Broadcaster(name, this.roster, this.connections, this.watchLists);
  }

  /** After a start: finds the sockets again, and what was lost while nobody listened (SPEC L6). */
  wake(sockets: Iterable<WebSocket>, now: number): void {
    const live = this.connections.wake(sockets, this.alarm.at ?? now);
    this.#recallWatchLists(live);
    this.broadcaster.wake();
    // A room whose sockets outlived its sleep, or that keeps nothing, has told how many are there.
    const listed = live.size > 0 || !this.store.exists ? this.roster.list : null;
    const { directory } = this.config;
    const { sweepEveryMs } = this.timing;
    this.occupancy = directory && new Occupancy(directory, this.name, sweepEveryMs, listed);
    for (const { user, connection } of this.roster.reconcile(now, live)) {
      log("leave", { room: this.name, user, connection, reason: "closed" });
    }
    this.#recallDepartures(now);
    // What was stored was damaged: what the sockets hold is of an epoch that has ended.
    if (this.store.exists && this.store.epoch !== this.roster.list.epoch) {
      for (const connection of this.connections) {
        if (connection.isAdmitted) this.broadcaster.greet(connection, null);
      }
    }
  }

  /** Does what time alone brings about. */
  advance(now: number): void {
    this.roster.advance(now);
    this.tickets.advance(now);
    this.barriers.advance(now);
  }

  /** Whether anything is to be stored. */
  get isChanged(): boolean {
    return this.roster.isChanged || this.watchLists.isChanged;
  }

  /** Whether a user has a connection, seen by others or not, or a place in its grace. */
  isHere(user: string): boolean {
    return this.roster.isHere(user) || this.connections.watchingOf(user) > 0;
  }

  /** When the room must be awake for something that is due; `Infinity` for never. */
  get dueAt(): number {
    return Math.min(
      this.roster.dueAt,
      this.connections.dueAt,
      this.tickets.dueAt,
      this.barriers.dueAt,
      this.webhooks?.dueAt ?? Number.POSITIVE_INFINITY,
      this.occupancy?.dueAt ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Whether nobody is known, and nothing must be remembered (SPEC L5). */
  get isEmpty(): boolean {
    return this.roster.size === 0 && this.tickets.isEmpty && this.barriers.isEmpty;
  }

  /** Begins anew after storage was cleared: whoever comes next begins a new epoch. */
  begin(): void {
    this.roster = new Roster(this.config.limits, this.store.load());
    this.broadcaster.follow(this.roster);
  }

  /** Has a task, if there is one, begin when the turn has ended. */
  start(task: Task | null | undefined): void {
    if (task) this.tasks.push(task);
  }

  logFault(error: unknown): void {
    log("failure", { code: "internal", room: this.name, reason: describeError(error) });
  }

  /** What those watched whose sockets outlived the room's sleep; the rest has ended. */
  #recallWatchLists(live: ReadonlySet<string>): void {
    const stored = this.watchTable.load((connection) => live.has(connection));
    if (stored.size === 0) return;
    for (const connection of this.connections.windows) {
      const list = stored.get(connection.id);
      if (list) this.watchLists.restore(connection, list);
    }
  }

  /** Who left shortly before the start may be forgotten soon after it. */
  #recallDepartures(now: number): void {
    const { users, limits } = this.config;
    if (users === null) return;
    // What is known is when they were last seen: their last place ended later by this at most.
    const lateMs = Math.max(limits.staleMs, limits.graceMs);
    for (const { id, stamp } of this.roster.departedSince(now - BARRIER_MS - lateMs)) {
      this.barriers.noteDeparture(id, stamp, now);
    }
  }
}
