import { formatSince, isSame, type Since } from "../../protocol/since.ts";
import { measure } from "../metrics.ts";
import type { Connection } from "./connections/connection.ts";
import type { Connections } from "./connections/connections.ts";
import type { Roster } from "./members/roster.ts";
import { Syncs } from "./connections/syncs.ts";

const MIN_GATHER_MS = 50;
const MAX_GATHER_MS = 1_000;
/** A delivery takes about 26 µs: this is a quarter of the room's time for them (SPEC V2). */
const GATHER_MS_PER_CONNECTION = 0.1;
/** Where nobody waits for a first state, fewer and fuller deltas cost less, and nobody sees it. */
const PATIENCE = 5;
/** In rooms with more members a whole snapshot for each change would cost too much (SPEC W3). */
const MAX_MEMBERS_WHOLE = 500;
const WHOLE_EVERY_MS = 5_000;

/**
 * How long a busy room gathers before it tells, in milliseconds; `someoneWaits` for a first state.
 */
export function gatherMs(connections: number, someoneWaits: boolean): number {
  const span = connections * GATHER_MS_PER_CONNECTION * (someoneWaits ? 1 : PATIENCE);
  return Math.min(MAX_GATHER_MS, Math.max(MIN_GATHER_MS, span));
}

/**
 * Tells every member's connection what changed: at once in a quiet room, gathered in a busy one.
 * Whoever is new waits for the same moment, so that all hold one version after it, and one text
 * serves all who held the same before (SPEC W2, W3, V2).
 */
export class Broadcaster {
  readonly #room: string;
  readonly #roster: Roster;
  readonly #connections: Connections;
  /** The state every connection was last given, but for those that await their first. */
  #told: Since;
  readonly #changed = new Set<string>();
  /** Connections that need a state, and what they hold already. */
  readonly #awaiting = new Map<Connection, Since | null>();
  readonly #syncs = new Syncs();
  /** When those with `view=snapshot` were told last, and when they are to be told what came since. */
  #wholeAt = Number.NEGATIVE_INFINITY;
  #wholeDueAt = Number.POSITIVE_INFINITY;
  #flushedAt = 0;
  /** When the first change was published that is not told yet. */
  #waitingSince: number | null = null;
  /** The last snapshot's text; in one state it never changes. */
  #snapshot: { state: Since; text: string } | null = null;

  constructor(room: string, roster: Roster, connections: Connections) {
    this.#room = room;
    this.#roster = roster;
    this.#told = roster.list.state;
    this.#connections = connections;
  }

  /** Takes a connection that needs a state: since what it holds, or whole. */
  greet(connection: Connection, since: Since | null): void {
    this.#awaiting.set(connection, connection.view === "snapshot" ? null : since);
  }

  /** Gives a connection the whole state anew, now or as soon as it may have it (SPEC W10, W12). */
  sync(connection: Connection, now: number): void {
    if (this.#syncs.ask(connection, now)) this.greet(connection, null);
  }

  /** Drops a connection that ended before it was told anything. */
  forget(connection: Connection): void {
    this.#awaiting.delete(connection);
    this.#syncs.forget(connection);
  }

  /** Notes whose entry changed. */
  note(changed: Iterable<string>): void {
    for (const id of changed) this.#changed.add(id);
  }

  /** The whole room as JSON (SPEC R3). */
  snapshot(): string {
    const { state } = this.#roster.list;
    if (this.#snapshot === null || !isSame(this.#snapshot.state, state)) {
      const text = `${this.counts().slice(0, -1)},"members":[${this.#roster.list.members().join()}]}`;
      this.#snapshot = { state, text };
    }
    return this.#snapshot.text;
  }

  /** The counts alone (SPEC R6). */
  counts(): string {
    const { state, online, connections } = this.#roster.list;
    const { epoch, version } = state;
    const room = this.#room;
    return JSON.stringify({ type: "snapshot", room, epoch, version, online, connections });
  }

  /** What changed since, or the snapshot where the room cannot tell (SPEC R6, V4). */
  since(since: Since): string {
    const changed = this.#roster.list.changedSince(since);
    return changed === null ? this.snapshot() : this.#delta(since.version, changed);
  }

  /** When {@link flush} is due; `Infinity` where there is nothing to tell. */
  dueAt(now: number): number {
    const dueAt = Math.min(this.#syncs.dueAt, this.#wholeDueAt);
    const someoneWaits = this.#awaiting.size > 0;
    if (this.#changed.size === 0 && !someoneWaits) return dueAt;
    this.#waitingSince ??= now;
    const spanMs = gatherMs(this.#connections.size, someoneWaits);
    const flushAt = this.#flushedAt + spanMs;
    // A clock that was set back must not silence the room.
    return Math.min(dueAt, flushAt - now > spanMs ? now : flushAt);
  }

  #delta(from: number, changed: Iterable<string>): string {
    const { list } = this.#roster;
    const { state, online, connections } = list;
    const { epoch, version } = state;
    const set: string[] = [];
    const gone: string[] = [];
    for (const id of changed) {
      const member = list.member(id);
      if (member === undefined) gone.push(id);
      else set.push(member);
    }
    const head = JSON.stringify({ type: "delta", epoch, from, version, online, connections });
    return `${head.slice(0, -1)},"set":[${set.join()}],"gone":${JSON.stringify(gone)}}`;
  }

  /** What those are told who know what was told last; `null` for nothing. No delta leads into another epoch. */
  #news(): string | null {
    const { state } = this.#roster.list;
    if (this.#changed.size === 0 || isSame(state, this.#told)) return null;
    if (state.epoch !== this.#told.epoch) return this.snapshot();
    return this.#delta(this.#told.version, this.#changed);
  }

  /** Tells what was noted; all of it is stored. */
  flush(now: number): void {
    this.#flushedAt = now;
    const news = this.#news();
    this.#changed.clear();
    this.#told = this.#roster.list.state;
    for (const connection of this.#syncs.takeDue(now)) this.greet(connection, null);
    const greetings = new Map<string, string>();
    for (const [connection, since] of this.#awaiting) {
      connection.send(since === null ? this.snapshot() : this.#greeting(since, greetings));
    }
    this.#tell(news, now);
    if (news !== null) {
      // The platform's clock stands still while this runs: what can be measured is the gathering.
      const waitedMs = now - (this.#waitingSince ?? now);
      const sockets = this.#connections.size;
      measure({ event: "fanout", room: this.#room, sockets, waitedMs, length: news.length });
    }
    this.#waitingSince = null;
    this.#awaiting.clear();
  }

  /** Tells who holds a state already; whole ones are put off where one was told a moment ago. */
  #tell(news: string | null, now: number): void {
    const isLarge = this.#roster.list.size > MAX_MEMBERS_WHOLE;
    // A clock that was set back must not silence anybody.
    const mayTellAt = isLarge && now >= this.#wholeAt ? this.#wholeAt + WHOLE_EVERY_MS : now;
    const isWholeDue = news !== null || this.#wholeDueAt <= now;
    const tellsWhole = isWholeDue && mayTellAt <= now;
    if (news === null && !tellsWhole) return;
    if (tellsWhole) this.#wholeDueAt = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      if (connection.session === null || this.#awaiting.has(connection)) continue;
      if (connection.view === "delta") {
        if (news !== null) connection.send(news);
      } else if (tellsWhole) {
        this.#wholeAt = now;
        connection.send(this.snapshot());
      } else {
        this.#wholeDueAt = mayTellAt;
      }
    }
  }

  /** After a deploy hundreds come back with the same version: they share one text. */
  #greeting(since: Since, greetings: Map<string, string>): string {
    const key = formatSince(since);
    const known = greetings.get(key);
    if (known !== undefined) return known;
    const greeting = this.since(since);
    greetings.set(key, greeting);
    return greeting;
  }
}
