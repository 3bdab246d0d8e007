import { formatSince, isSame, type Since } from "../../protocol/since.ts";
import type { HubLink } from "../large/hub-link.ts";
import { measure } from "../metrics.ts";
import type { Connection } from "./connections/connection.ts";
import type { Connections } from "./connections/connections.ts";
import type { ListHolder } from "./members/seen-list.ts";
import { Syncs } from "./connections/syncs.ts";
import type { RoomTexts } from "./texts.ts";
import type { WatchLists } from "./windows/watch-lists.ts";
import { Windows } from "./windows/windows.ts";

const MIN_GATHER_MS = 50;
const MAX_GATHER_MS = 1_000;
/** A delivery takes about 26 µs, so deliveries take a quarter of the room's time (SPEC V2). */
const GATHER_MS_PER_CONNECTION = 0.1;
/** If nobody waits for a first state, fewer and larger deltas cost less, and nobody notices. */
const PATIENCE = 5;
/** With more members, a snapshot for each change would cost too much (SPEC W3). */
const MAX_MEMBERS_WHOLE = 500;
const WHOLE_EVERY_MS = 5_000;

/**
 * How long a busy room gathers changes, in milliseconds; `someoneWaits` for a first state.
 */
export function gatherMs(connections: number, someoneWaits: boolean): number {
  const span = connections * GATHER_MS_PER_CONNECTION * (someoneWaits ? 1 : PATIENCE);
  return Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, span));
}

interface BroadcasterParts {
  room: string;
  holder: ListHolder;
  texts: RoomTexts;
  connections: Connections;
  lists: WatchLists<Connection>;
  /** For a shard of a large room. */
  link: HubLink | null;
}

/**
 * Sends the changes to every member's connection: at once in a quiet room, gathered in a busy one.
 * New connections get their first state at the same moment, so that afterwards all hold one
 * version, and one text serves all that held the same before (SPEC W2, W3, V2).
 */
export class Broadcaster {
  readonly #room: string;
  #holder: ListHolder;
  readonly #texts: RoomTexts;
  readonly #connections: Connections;
  readonly #windows: Windows;
  /** The state that every connection was last sent, except those that await their first. */
  #told: Since;
  readonly #changed = new Set<string>();
  /** Connections that need a state, and the state that they hold already. */
  readonly #awaiting = new Map<Connection, Since | null>();
  readonly #syncs = new Syncs();
  /**
   * When connections with `view=snapshot` were last sent a snapshot, and when the next one is due.
   */
  #wholeAt = Number.NEGATIVE_INFINITY;
  #wholeDueAt = Number.POSITIVE_INFINITY;
  #flushedAt = 0;
  /** When the first change came that is not sent yet. */
  #waitingSince: number | null = null;

  constructor({ room, holder, texts, connections, lists, link }: BroadcasterParts) {
    this.#room = room;
    this.#holder = holder;
    this.#texts = texts;
    this.#told = holder.list.state;
    this.#connections = connections;
    this.#windows = new Windows(
      room,
      lists,
      link ? link.sharing(connections) : connections,
      link?.firstStates,
    );
  }

  /** After a start: restores the state that the surviving connections hold. */
  wake(): void {
    this.#windows.wake(this.#holder);
  }

  /** Switches to another list; connections keep receiving changes. */
  follow(holder: ListHolder): void {
    this.#holder = holder;
    this.#texts.follow(holder);
  }

  /** Queues a connection for a state: what changed since the state it holds, or a snapshot. */
  greet(connection: Connection, since: Since | null): void {
    if (connection.limit !== null) return this.#windows.greet(connection, since);
    this.#awaiting.set(connection, connection.view === "snapshot" ? null : since);
  }

  /** In a shard of a large room: queues a connection whose first state waited for the copy. */
  show(connection: Connection, since: Since | null): void {
    this.#windows.show(connection, since);
  }

  /** In a shard that had no copy of the list: queues everybody for it. */
  begin(): void {
    this.#windows.begin(this.#holder);
  }

  /** Queues a connection that gets its first state after it has sent its watch list (SPEC S5). */
  greetLater(connection: Connection, now: number): void {
    this.#windows.greetLater(connection, now);
  }

  /** Notes that a connection's watch list changed; it is sent the users that it added. */
  rewatch(connection: Connection, added: readonly string[]): void {
    this.#windows.rewatch(connection, added);
  }

  /** Whether a connection waits for a state: until then, it is not sent what happens. */
  awaits(connection: Connection): boolean {
    return this.#awaiting.has(connection) || this.#windows.awaits(connection);
  }

  /** Queues a connection for a snapshot, now or as soon as its limit allows (SPEC W10, W12). */
  sync(connection: Connection, now: number): void {
    if (this.#syncs.ask(connection, now)) this.greet(connection, null);
  }

  /** Removes a connection that ended before it was sent its first state. */
  forget(connection: Connection): void {
    this.#awaiting.delete(connection);
    this.#syncs.forget(connection);
    if (connection.limit !== null) this.#windows.forget(connection);
  }

  /** Notes the ids of changed entries. */
  note(changed: Iterable<string>): void {
    for (const id of changed) this.#changed.add(id);
  }

  /** When {@link flush} is due; `Infinity` if there is nothing to send. */
  dueAt(now: number): number {
    const dueAt = Math.min(this.#syncs.dueAt, this.#wholeDueAt, this.#windows.dueAt);
    const someoneWaits = this.#awaiting.size > 0 || this.#windows.someoneWaits;
    if (this.#changed.size === 0 && !someoneWaits && !this.#windows.isRewatched) return dueAt;
    this.#waitingSince ??= now;
    const spanMs = gatherMs(this.#connections.size, someoneWaits);
    const flushAt = this.#flushedAt + spanMs;
    // If the clock is set back, changes must still be sent.
    return Math.min(dueAt, flushAt - now > spanMs ? now : flushAt);
  }

  /**
   * The update for connections that have the last sent state; `null` if there is none. A delta
   * never leads into another epoch.
   */
  #news(): string | null {
    const { state } = this.#holder.list;
    if (this.#changed.size === 0 || isSame(state, this.#told)) return null;
    if (state.epoch !== this.#told.epoch) return this.#texts.snapshot();
    return this.#texts.delta(this.#told.version, this.#changed);
  }

  /** Sends what was noted; all of it is stored. */
  flush(now: number): void {
    this.#flushedAt = now;
    for (const connection of this.#syncs.takeDue(now)) this.greet(connection, null);
    const { whole } = this.#connections;
    const news = whole.size > 0 ? this.#news() : null;
    const waitedMs = now - (this.#waitingSince ?? now);
    const shown = this.#windows.flush(this.#holder, this.#changed, now);
    this.#changed.clear();
    this.#told = this.#holder.list.state;
    const greetings = new Map<string, string>();
    for (const [connection, since] of this.#awaiting) {
      connection.send(since === null ? this.#texts.snapshot() : this.#greeting(since, greetings));
    }
    this.#tell(news, now);
    // The platform's clock stands still while this runs: only the gathering can be measured.
    const fanout = { event: "fanout", room: this.#room, waitedMs } as const;
    if (news !== null) measure({ ...fanout, sockets: whole.size, length: news.length });
    if (shown.sockets > 0) {
      const length = Math.round(shown.length / shown.sockets);
      measure({ ...fanout, sockets: shown.sockets, length });
    }
    this.#waitingSince = null;
    this.#awaiting.clear();
  }

  /**
   * Sends to those that hold a state already; snapshots are put off if the last one was a moment
   * ago.
   */
  #tell(news: string | null, now: number): void {
    const isLarge = this.#holder.list.size > MAX_MEMBERS_WHOLE;
    // If the clock is set back, snapshots must still be sent.
    const mayTellAt = isLarge && now >= this.#wholeAt ? this.#wholeAt + WHOLE_EVERY_MS : now;
    const isWholeDue = news !== null || this.#wholeDueAt <= now;
    const tellsWhole = isWholeDue && mayTellAt <= now;
    if (news === null && !tellsWhole) return;
    if (tellsWhole) this.#wholeDueAt = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections.whole) {
      if (!connection.isAdmitted || this.#awaiting.has(connection)) continue;
      if (connection.view === "delta") {
        if (news !== null) connection.send(news);
      } else if (tellsWhole) {
        this.#wholeAt = now;
        connection.send(this.#texts.snapshot());
      } else {
        this.#wholeDueAt = mayTellAt;
      }
    }
  }

  /** After a deploy hundreds come back with the same version, so they share one text. */
  #greeting(since: Since, greetings: Map<string, string>): string {
    const key = formatSince(since);
    const known = greetings.get(key);
    if (known !== undefined) return known;
    const greeting = this.#texts.since(since);
    greetings.set(key, greeting);
    return greeting;
  }
}
