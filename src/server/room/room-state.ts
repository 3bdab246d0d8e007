import type { Config, RoomLimits } from "../config/config.ts";
import { describeError, log } from "../log.ts";
import { HubLink } from "../large/hub-link.ts";
import { keepsRoom } from "../large/routing.ts";
import { reportWithinMs } from "../directory/lease.ts";
import { parseObjectName } from "../large/shard.ts";
import { AlarmClock } from "../platform/alarm-clock.ts";
import { Barriers, BARRIER_MS } from "./storage/barriers.ts";
import type { HubCalls } from "../large/messages.ts";
import { Broadcaster } from "./broadcaster.ts";
import { Connections } from "./connections/connections.ts";
import { lossAtStart } from "./connections/loss-time.ts";
import { timingFor, type Timing } from "./connections/liveness.ts";
import { Occupancy } from "./occupancy.ts";
import { Replies } from "./replies.ts";
import { Roster } from "./members/roster.ts";
import { Signals } from "./signals/signals.ts";
import { Store } from "./storage/store.ts";
import { UsedTickets } from "./storage/tickets.ts";
import { WatchTable } from "./storage/watch-table.ts";
import type { Connection } from "./connections/connection.ts";
import { RoomTexts } from "./texts.ts";
import type { FirstAnswer } from "./first-answer.ts";
import { WatchLists } from "./windows/watch-lists.ts";
import type { Task } from "./task.ts";
import { openWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

/** The inputs of a room. */
export interface RoomParts {
  /** The name of its object. */
  name: string;
  config: Config;
  storage: DurableObjectStorage;
  /** When the platform last answered a socket's ping by itself. */
  pingedAt: (ws: WebSocket) => Date | null;
  /** The object's alarm, if it is loaded already. */
  alarm?: AlarmClock;
}

/**
 * All that a room knows and keeps. Events change it; the end of each turn stores and sends the
 * changes.
 */
export class RoomState {
  readonly name: string;
  readonly config: Config;
  /**
   * Whether the configuration has this object keep the room; if not, it tells neither the list of rooms nor
   * its users' objects anything, and remembers nobody (SPEC N6).
   */
  readonly isInUse: boolean;
  readonly #limits: RoomLimits;
  readonly timing: Timing;
  readonly connections: Connections;
  /** Replaced by {@link begin}. */
  roster: Roster;
  /** For a shard of a large room; `null` for a room of one object. */
  readonly link: HubLink | null;
  readonly texts: RoomTexts;
  readonly broadcaster: Broadcaster;
  readonly alarm: AlarmClock;
  readonly barriers: Barriers;
  readonly tickets: UsedTickets;
  readonly store: Store;
  /** The watch lists of connections, and their table. */
  readonly watchLists = new WatchLists<Connection>();
  readonly watchTable: WatchTable;
  /** `null` if none are configured. */
  readonly webhooks: Webhooks | null;
  /** `null` if members may not signal. */
  readonly signals: Signals | null;
  /** `null` if rooms are not listed, and before {@link wake}. */
  occupancy: Occupancy | null = null;
  readonly replies = new Replies();
  /** The tasks to start when the turn has ended. */
  readonly tasks: Task[] = [];
  /** Users whose departure is reported only in the answer to their object's call. */
  readonly answeredDepartures = new Set<string>();
  /** Users who had a watcher's connection that ended, and the newest stamp it was admitted with. */
  readonly partedWatchers = new Map<string, number>();
  /** Connections that were removed as stale since the last commit. */
  ghosts = 0;

  constructor({ name: objectName, config, storage, pingedAt, alarm }: RoomParts) {
    const { room: name, shard } = parseObjectName(objectName);
    this.name = name;
    this.config = config;
    this.isInUse = keepsRoom(config, name, shard !== null);
    this.#limits = this.isInUse
      ? config.limits
      : { ...config.limits, retentionMs: 0, maxRemembered: 0 };
    this.timing = timingFor(config.limits.staleMs);
    this.connections = new Connections(this.timing, pingedAt);
    this.alarm = alarm ?? new AlarmClock(storage);
    this.store = new Store(storage, name);
    this.tickets = new UsedTickets(storage);
    this.barriers = new Barriers(storage);
    this.webhooks = openWebhooks(config.webhook, storage, name, shard);
    this.roster = new Roster(this.#limits, this.store.load());
    this.watchTable = new WatchTable(storage, name);
    this.signals = config.signals ? new Signals() : null;
    const { hubs } = config;
    this.link =
      shard && hubs
        ? new HubLink({
            room: name,
            shard,
            hub: () => hubs.getByName(name) as unknown as HubCalls,
            roster: () => this.roster,
            facts: () => ({
              watching: this.connections.watching,
              sockets: this.connections.size,
              members: this.roster.size,
            }),
          })
        : null;
    const holder = this.link?.copy ?? this.roster;
    this.texts = new RoomTexts(name, holder, this.link?.copy ?? this.connections);
    this.broadcaster = new Broadcaster({
      room: name,
      holder,
      texts: this.texts,
      connections: this.connections,
      lists: this.watchLists,
      link: this.link,
    });
  }

  /**
   * After a start: finds the sockets again, and loses the places of those that are gone (SPEC L6).
   * `answered` is what was answered before that.
   */
  wake(sockets: Iterable<WebSocket>, now: number, answered: FirstAnswer | null = null): void {
    if (answered) this.connections.add(answered.connection, now);
    const notedAt = this.connections.wake(sockets, this.alarm.at ?? now);
    this.#recallWatchLists();
    if (this.link) this.link.wake(now);
    else this.broadcaster.wake(answered);
    // A room whose sockets survived hibernation, or that keeps nothing, has reported its counts.
    const listed = this.connections.size > 0 || !this.store.exists ? this.roster.list : null;
    const { directory } = this.config;
    const withinMs = reportWithinMs(this.config.limits.staleMs);
    // The hub reports a large room.
    if (this.link === null && directory && this.isInUse) {
      this.occupancy = new Occupancy(directory, this.name, withinMs, listed);
    }
    const loss = lossAtStart(now, {
      hasSockets: this.connections.size > 0,
      notedAt,
      alarmAt: this.alarm.at,
      graceMs: this.config.limits.graceMs,
    });
    const socketsOf = (user: string) => this.connections.memberSocketsOf(user);
    for (const user of this.roster.losses.reconcile(now, socketsOf, loss)) {
      if (loss.isNew) log("leave", { room: this.name, user, reason: "closed" });
    }
    this.#recallDepartures(now);
    if (this.link) return;
    // Stored data was damaged: the sockets hold a state of an epoch that has ended.
    if (this.store.exists && this.store.epoch !== this.roster.list.epoch) {
      for (const connection of this.connections) {
        if (connection.isAdmitted) this.broadcaster.greet(connection, null);
      }
    }
  }

  /** Does what is due by time alone. */
  advance(now: number): void {
    this.roster.advance(now);
    this.tickets.advance(now);
    this.barriers.advance(now);
  }

  /** Whether there is anything to store. */
  get isChanged(): boolean {
    return this.roster.isChanged || this.watchLists.isChanged;
  }

  /** Whether a user has a connection, visible to others or not, or a place in its grace period. */
  isHere(user: string): boolean {
    return this.roster.isHere(user) || this.connections.watchingOf(user) > 0;
  }

  /** When the room must wake for something that is due; `Infinity` for never. */
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

  /** Whether there is no member, and nothing else to remember (SPEC L5). */
  get isEmpty(): boolean {
    return this.roster.size === 0 && this.tickets.isEmpty && this.barriers.isEmpty;
  }

  /** Starts again after storage was cleared: the next member begins a new epoch. */
  begin(): void {
    this.roster = new Roster(this.#limits, this.store.load());
    if (this.link === null) this.broadcaster.follow(this.roster);
  }

  /** Starts a task, if there is one, when the turn has ended. */
  start(task: Task | null | undefined): void {
    if (task) this.tasks.push(task);
  }

  logFault(error: unknown): void {
    log("failure", { code: "internal", room: this.name, reason: describeError(error) });
  }

  /** Restores the watch lists of the sockets that survived hibernation; the others have ended. */
  #recallWatchLists(): void {
    if (!this.watchTable.exists) return;
    const byId = new Map([...this.connections.windows].map((each) => [each.id, each]));
    this.watchTable.load(
      (id) => byId.has(id),
      (id, list) => this.watchLists.restore(byId.get(id)!, list),
    );
  }

  /** Recalls who left shortly before the start: they may be forgotten soon after it. */
  #recallDepartures(now: number): void {
    const { users, limits } = this.config;
    if (users === null) return;
    // Only the time they were last seen is known: their last place ended at most this much later.
    const lateMs = Math.max(limits.staleMs, limits.graceMs);
    for (const { id, stamp } of this.roster.departedSince(now - BARRIER_MS - lateMs)) {
      this.barriers.noteDeparture(id, stamp, now);
    }
  }
}
