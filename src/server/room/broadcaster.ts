import { formatSince, isSame, type Since } from "../../protocol/since.ts";
import type { HubLink } from "../large/hub-link.ts";
import { measure } from "../metrics.ts";
import { Cohorts, type Cohort } from "./cohorts.ts";
import type { Connection } from "./connections/connection.ts";
import type { Connections } from "./connections/connections.ts";
import type { ListHolder } from "./members/seen-list.ts";
import { Syncs } from "./connections/syncs.ts";
import { mostTold, Pace } from "./pace.ts";
import type { RoomTexts } from "./texts.ts";
import type { FirstAnswer } from "./first-answer.ts";
import type { WatchLists } from "./windows/watch-lists.ts";
import { Windows } from "./windows/windows.ts";

/** With more members, a snapshot for each change would cost too much (SPEC W3). */
const MAX_MEMBERS_WHOLE = 500;
const WHOLE_EVERY_MS = 5_000;

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
 * New connections get their first state at the same moment or before. Afterwards all hold one
 * version, and one text serves all that held the same before (SPEC W2, W3, V2).
 */
export class Broadcaster {
  readonly #room: string;
  #holder: ListHolder;
  readonly #texts: RoomTexts;
  readonly #connections: Connections;
  readonly #lists: WatchLists<Connection>;
  readonly #windows: Windows;
  readonly #pace: Pace;
  /** What every connection was last sent, except those that await their first state. */
  #cohorts: Cohorts<Connection>;
  /** The entries that changed since the windows were last updated. */
  readonly #unshown = new Set<string>();
  /** Connections that need a state, and the state that they hold already. */
  readonly #awaiting = new Map<Connection, Since | null>();
  readonly #syncs = new Syncs();
  /**
   * When connections with `view=snapshot` were last sent a snapshot, and when the next one is due.
   */
  #wholeAt = Number.NEGATIVE_INFINITY;
  #wholeDueAt = Number.POSITIVE_INFINITY;
  /** When the first unsent change came, for windows and for the others. */
  #unshownSince: number | null = null;
  #untoldSince: number | null = null;

  constructor({ room, holder, texts, connections, lists, link }: BroadcasterParts) {
    this.#room = room;
    this.#holder = holder;
    this.#texts = texts;
    this.#pace = new Pace(holder.list);
    this.#cohorts = new Cohorts(holder.list.state);
    this.#connections = connections;
    this.#lists = lists;
    this.#windows = new Windows(
      room,
      lists,
      link ? link.sharing(connections) : connections,
      link?.firstStates,
    );
  }

  /**
   * After a start: restores the state that the surviving connections hold. `answered` has the changes
   * that they were not sent yet; `null` for none.
   */
  wake(answered: FirstAnswer | null): void {
    this.#windows.wake(this.#holder);
    if (answered === null) return;
    this.#cohorts = new Cohorts(answered.heldState);
    this.note(answered.changed);
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

  /** In a shard that had no copy of the list: queues every connection for it. */
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
    this.#cohorts.forget(connection);
    this.#syncs.forget(connection);
    if (connection.limit !== null) this.#windows.forget(connection);
  }

  /** Notes the ids of changed entries. */
  note(changed: Iterable<string>): void {
    const hasWindows = this.#connections.windows.size > 0;
    for (const id of changed) {
      this.#cohorts.note(id);
      if (hasWindows) this.#unshown.add(id);
    }
  }

  /** When {@link flush} is due; `Infinity` if there is nothing to send. Call it in each turn. */
  dueAt(now: number): number {
    this.#pace.look(this.#holder.list, now);
    const dueAt = Math.min(
      this.#syncs.dueAt,
      this.#greetAt(now),
      this.#showAt(now),
      this.#tellAt(now),
      this.#wholeDueAt,
    );
    this.#pace.expect(dueAt, now);
    return dueAt;
  }

  #greetAt(now: number): number {
    if (this.#awaiting.size === 0) return Number.POSITIVE_INFINITY;
    return this.#pace.greetAt(this.#connections.size, now);
  }

  #showAt(now: number): number {
    const windows = this.#windows;
    const { someoneWaits } = windows;
    const size = someoneWaits ? this.#connections.size : this.#most;
    const isPending = someoneWaits || windows.isRewatched || this.#unshown.size > 0;
    if (!isPending) return windows.dueAt;
    if (this.#unshown.size > 0) this.#unshownSince ??= now;
    return Math.min(windows.dueAt, this.#pace.showAt(size, someoneWaits, now));
  }

  #tellAt(now: number): number {
    if (!this.#cohorts.isBehind) return Number.POSITIVE_INFINITY;
    this.#untoldSince ??= now;
    return this.#pace.tellAt(this.#most, this.#holder.list, now);
  }

  /** How many connections a change may have to be sent to. */
  get #most(): number {
    return mostTold(this.#connections, this.#lists.count);
  }

  /** Sends what is due; all of it is stored. */
  flush(now: number): void {
    for (const connection of this.#syncs.takeDue(now)) this.greet(connection, null);
    if (this.#showAt(now) <= now) this.#show(now);
    const tells = Math.min(this.#tellAt(now), this.#wholeDueAt) <= now;
    const greets = this.#awaiting.size > 0 && (tells || this.#greetAt(now) <= now);
    if (greets) this.#greetAll(now);
    if (tells) this.#tell(now);
    else if (greets) this.#cohorts.enter(this.#awaiting.keys(), this.#holder.list.state);
    if (greets) this.#awaiting.clear();
  }

  #show(now: number): void {
    const waitedMs = now - (this.#unshownSince ?? now);
    this.#unshownSince = null;
    this.#pace.shown(now);
    const { sockets, length } = this.#windows.flush(this.#holder, this.#unshown, now);
    this.#unshown.clear();
    if (sockets > 0) this.#measure({ waitedMs, sockets, length: Math.round(length / sockets) });
  }

  #greetAll(now: number): void {
    this.#pace.greeted(now);
    const greetings = new Map<string, string>();
    for (const [connection, since] of this.#awaiting) {
      connection.send(since === null ? this.#texts.snapshot() : this.#greeting(since, greetings));
    }
  }

  /** The platform's clock stands still in a turn: of the time, only the gathering can be measured. */
  #measure(told: { waitedMs: number; sockets: number; length: number }): void {
    measure({ event: "fanout", room: this.#room, ...told });
  }

  /** The updates for those that hold a state already, and to how many they are sent. */
  #newsByCohort(): Map<Cohort, { text: string | null; sockets: number }> {
    const cohorts = this.#connections.whole.size > 0 ? this.#cohorts.all : [];
    return new Map(cohorts.map((cohort) => [cohort, { text: this.#newsFor(cohort), sockets: 0 }]));
  }

  /** `null` for nothing new. A delta never leads into another epoch. */
  #newsFor({ state: from, changed }: Cohort): string | null {
    const { state } = this.#holder.list;
    if (changed.size === 0 || isSame(state, from)) return null;
    if (state.epoch !== from.epoch) return this.#texts.snapshot();
    return this.#texts.delta(from.version, changed);
  }

  /**
   * Sends to those that hold a state already; snapshots are put off if the last one was a moment
   * ago.
   */
  #tell(now: number): void {
    const { list } = this.#holder;
    const waitedMs = now - (this.#untoldSince ?? now);
    this.#untoldSince = null;
    this.#pace.told(list, now);
    const isLarge = list.size > MAX_MEMBERS_WHOLE;
    // If the clock is set back, snapshots must still be sent.
    const mayTellAt = isLarge && now >= this.#wholeAt ? this.#wholeAt + WHOLE_EVERY_MS : now;
    const isWholeDue = this.#wholeDueAt <= now;
    const tellsWhole = mayTellAt <= now;
    if (tellsWhole) this.#wholeDueAt = Number.POSITIVE_INFINITY;
    const newsOf = this.#newsByCohort();
    for (const connection of this.#connections.whole) {
      if (!connection.isAdmitted || this.#awaiting.has(connection)) continue;
      const news = newsOf.get(this.#cohorts.of(connection))!;
      if (news.text === null && !isWholeDue) continue;
      if (connection.view === "delta") {
        if (news.text !== null) connection.send(news.text);
        news.sockets++;
      } else if (tellsWhole) {
        this.#wholeAt = now;
        connection.send(this.#texts.snapshot());
      } else {
        this.#wholeDueAt = mayTellAt;
      }
    }
    this.#cohorts.settle(list.state);
    for (const { text, sockets } of newsOf.values()) {
      if (text !== null && sockets > 0) this.#measure({ waitedMs, sockets, length: text.length });
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
