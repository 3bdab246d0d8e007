import { isSame, type Since } from "../../../protocol/since.ts";
import type { Connection } from "../connections/connection.ts";
import type { ListHolder } from "../members/seen-list.ts";
import { CountsClock } from "./counts-clock.ts";
import { SharedTexts } from "./shared-texts.ts";
import type { WatchLists } from "./watch-lists.ts";
import { WatchingClock } from "./watching-clock.ts";
import { compare, type Window, type WindowChange } from "./window.ts";
import { WindowGroups } from "./window-groups.ts";
import { windowDelta, windowSnapshot } from "./window-text.ts";

/** How long a first state waits for the client's watch list (SPEC S5). */
const LATER_MS = 5_000;

/** What a connection was last sent. */
interface Held {
  window: Window;
  /** `null` if that was before hibernation, which loses it. */
  state: Since | null;
  online: number;
  connections: number;
}

/** The connections with a window, and the number of watchers. */
export interface WindowConnections {
  readonly windows: ReadonlySet<Connection>;
  readonly watching: number;
}

/** In a shard of a large room: the connections whose first state waits for the copy of the list. */
interface FirstStates {
  hold(connection: Connection, since: Since | null): void;
  has(connection: Connection): boolean;
  forget(connection: Connection): void;
}

/** How many connections a flush sent to, and how much. */
export interface WindowsTold {
  sockets: number;
  length: number;
}

const NOTHING: WindowChange = { set: [], gone: [] };

/**
 * Sends each window its changes (SPEC S4, S5). The cost of a change depends on what must be sent: the
 * watchers of the changed user are looked up, and groups know which windows show them otherwise.
 */
export class Windows {
  readonly #room: string;
  readonly #lists: WatchLists<Connection>;
  readonly #connections: WindowConnections;
  readonly #groups: WindowGroups;
  /** In a shard of a large room, a first state waits for the copy of the list. */
  readonly #firstStates: FirstStates | null;
  readonly #held = new Map<Connection, Held>();
  /** Connections that need a state, and the state that they hold already. */
  readonly #awaiting = new Map<Connection, Since | null>();
  /** Connections whose first state waits for their watch list, and until when. */
  readonly #later = new Map<Connection, number>();
  /** Connections whose watch list changed, and the users to send them. */
  readonly #rewatched = new Map<Connection, Set<string>>();
  readonly #counts = new CountsClock();
  readonly #watching = new WatchingClock();

  constructor(
    room: string,
    lists: WatchLists<Connection>,
    connections: WindowConnections,
    firstStates: FirstStates | null = null,
  ) {
    this.#room = room;
    this.#firstStates = firstStates;
    this.#lists = lists;
    this.#connections = connections;
    this.#groups = new WindowGroups(lists);
  }

  /** After a start: restores what the windows show; they were sent it before. */
  wake(holder: ListHolder): void {
    this.#counts.begin(holder.list);
    this.#watching.begin(this.#connections.watching);
    for (const connection of this.#connections.windows) {
      if (connection.isAdmitted) this.#hold(connection, holder, null);
    }
  }

  /** Queues a connection for its state: what changed since the state it holds, or a snapshot. */
  greet(connection: Connection, since: Since | null): void {
    this.#later.delete(connection);
    if (this.#firstStates) this.#firstStates.hold(connection, since);
    else this.#awaiting.set(connection, since);
  }

  /** Queues a connection whose first state need not wait any longer. */
  show(connection: Connection, since: Since | null): void {
    this.#awaiting.set(connection, since);
  }

  /** In a shard that had no copy of the list: all get a snapshot, since what they hold is unknown. */
  begin(holder: ListHolder): void {
    this.#counts.begin(holder.list);
    for (const connection of this.#connections.windows) {
      const waits = this.#later.has(connection) || this.#firstStates?.has(connection);
      if (connection.isAdmitted && !waits) this.show(connection, null);
    }
  }

  /** Queues a connection that gets its first state after it has sent its watch list. */
  greetLater(connection: Connection, now: number): void {
    this.#later.set(connection, now + LATER_MS);
  }

  /** Notes that a connection's watch list changed; it is sent the users that it added. */
  rewatch(connection: Connection, added: readonly string[]): void {
    // A pending first state must include them.
    if (this.#later.has(connection) || this.#awaiting.has(connection)) this.greet(connection, null);
    else if (this.#firstStates && !this.#held.has(connection)) this.greet(connection, null);
    else if (this.#held.has(connection)) {
      const before = this.#rewatched.get(connection) ?? [];
      this.#rewatched.set(connection, new Set([...before, ...added]));
    }
  }

  /** Removes a connection that ended or was signed out, with its watch list. */
  forget(connection: Connection): void {
    this.#groups.delete(connection);
    this.#held.delete(connection);
    this.#awaiting.delete(connection);
    this.#firstStates?.forget(connection);
    this.#later.delete(connection);
    this.#rewatched.delete(connection);
    this.#lists.delete(connection);
  }

  /** Whether this connection waits for a state, or for its watch list. */
  awaits(connection: Connection): boolean {
    return this.#awaiting.has(connection) || this.#later.has(connection);
  }

  /** Whether a connection waits for its first state. */
  get someoneWaits(): boolean {
    return this.#awaiting.size > 0;
  }

  /** Whether a connection with a changed watch list is to be sent anything. */
  get isRewatched(): boolean {
    return this.#rewatched.size > 0;
  }

  /** When {@link flush} is due by time alone; `Infinity` for never. */
  get dueAt(): number {
    if (this.#connections.windows.size === 0) return Number.POSITIVE_INFINITY;
    const dueAt = Math.min(this.#counts.dueAt, this.#watching.dueAt(this.#connections.watching));
    // All wait equally long, so that the first is due first: thousands may wait after a deploy.
    const [firstAt = dueAt] = this.#later.values();
    return Math.min(dueAt, firstAt);
  }

  /** Sends the changes. */
  flush(holder: ListHolder, changed: ReadonlySet<string>, now: number): WindowsTold {
    const told = { sockets: 0, length: 0 };
    if (this.#connections.windows.size === 0) return told;
    this.#counts.note(holder.list, now);
    const texts = new SharedTexts();
    const tell = (connection: Connection, change: WindowChange) => {
      told.sockets++;
      told.length += this.#tell(connection, holder, change, texts);
    };
    for (const connection of this.#affectedBy(holder, changed)) {
      const change = this.#changeOf(connection, holder, this.#newsFor(connection, changed));
      if (change.set.length + change.gone.length > 0) tell(connection, change);
    }
    this.#rewatched.clear();
    if (this.#counts.take(now)) {
      const { online, connections } = holder.list;
      for (const [connection, held] of this.#held) {
        const isTold = held.online === online && held.connections === connections;
        if (!isTold && !this.#awaiting.has(connection)) tell(connection, NOTHING);
      }
    }
    this.#tellWatching(now);
    this.#greetAll(holder, texts, now);
    return told;
  }

  #affectedBy(holder: ListHolder, changed: ReadonlySet<string>): Set<Connection> {
    const othersOf = (connection: Connection) => this.#held.get(connection)!.window.others;
    const affected = this.#groups.update(holder, changed, othersOf);
    for (const id of changed) {
      for (const connection of this.#lists.watchersOf(id)) affected.add(connection);
    }
    for (const connection of this.#rewatched.keys()) affected.add(connection);
    return affected;
  }

  /**
   * The users whose entries are news to a connection: those that changed, except those it may not
   * watch, who never change for it, and those it has just added (SPEC S5, S6).
   */
  #newsFor(connection: Connection, changed: ReadonlySet<string>): ReadonlySet<string> {
    const added = this.#rewatched.get(connection);
    const { denied } = this.#lists.of(connection);
    if (!added && denied.size === 0) return changed;
    const allowed = [...changed].filter((id) => !denied.has(id));
    return new Set([...allowed, ...(added ?? [])]);
  }

  /** Returns the changes in a window, and stores its new state. */
  #changeOf(
    connection: Connection,
    holder: ListHolder,
    changed: ReadonlySet<string>,
  ): WindowChange {
    const held = this.#held.get(connection);
    if (!held || this.#awaiting.has(connection)) return NOTHING;
    const before = held.window;
    const { watched } = this.#lists.of(connection);
    held.window = { watched, others: this.#groups.place(connection, holder) };
    return compare(before, held.window, changed);
  }

  /** Sends to one connection; returns the length of the text. */
  #tell(
    connection: Connection,
    holder: ListHolder,
    change: WindowChange,
    texts: SharedTexts,
  ): number {
    const held = this.#held.get(connection)!;
    const { denied } = this.#lists.of(connection);
    const { state } = holder.list;
    const { state: from } = held;
    const make = () => {
      // If the client's state is unknown, a delta might not apply.
      if (from?.epoch !== state.epoch) {
        return windowSnapshot(this.#room, holder, held.window, denied);
      }
      return windowDelta(holder, from.version, change, denied);
    };
    const isShared = denied.size === 0 && from?.epoch === state.epoch;
    const name = () => `${from!.version} ${texts.nameOf(change.set)} ${texts.nameOf(change.gone)}`;
    const text = isShared ? texts.get(name(), make) : make();
    connection.send(text);
    held.state = state;
    held.online = holder.list.online;
    held.connections = holder.list.connections;
    return text.length;
  }

  #greetAll(holder: ListHolder, texts: SharedTexts, now: number): void {
    for (const [connection, until] of this.#later) {
      // If the clock is set back, changes must still be sent.
      if (until <= now || until > now + LATER_MS) this.greet(connection, null);
    }
    const { state } = holder.list;
    for (const [connection, since] of this.#awaiting) {
      const { window } = this.#hold(connection, holder, state);
      const { denied } = this.#lists.of(connection);
      const isCurrent = since !== null && isSame(since, state);
      const make = () =>
        isCurrent
          ? windowDelta(holder, state.version, NOTHING, denied)
          : windowSnapshot(this.#room, holder, window, denied);
      const key = isCurrent ? "current" : `first ${connection.limit}`;
      connection.send(window.watched.size === 0 ? texts.get(key, make) : make());
      connection.send(this.#watching.frameFor(this.#connections.watching));
    }
    this.#awaiting.clear();
  }

  #hold(connection: Connection, holder: ListHolder, state: Since | null): Held {
    const { watched } = this.#lists.of(connection);
    const others = this.#groups.place(connection, holder);
    const { online, connections } = holder.list;
    const held = { window: { watched, others }, state, online, connections };
    this.#held.set(connection, held);
    return held;
  }

  #tellWatching(now: number): void {
    const frame = this.#watching.take(this.#connections.watching, now);
    if (frame === null) return;
    for (const connection of this.#held.keys()) connection.send(frame);
  }
}
