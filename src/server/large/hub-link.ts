import type { Since } from "../../protocol/since.ts";
import { describeError, log } from "../log.ts";
import { within } from "../platform/time-limit.ts";
import type { Connection } from "../room/connections/connection.ts";
import type { Roster } from "../room/members/roster.ts";
import type { RunTurn, Task } from "../room/task.ts";
import type { WindowConnections } from "../room/windows/windows.ts";
import { choiceTime } from "./choice-time.ts";
import { Copy } from "./copy.ts";
import { FirstStates } from "./first-states.ts";
import { HubMeetings } from "./hub-meetings.ts";
import { Inclusion } from "./inclusion.ts";
import type {
  HubCalls,
  ListUpdate,
  MessageId,
  Receipt,
  Report,
  ReportReceipt,
} from "./messages.ts";
import { reportEntries } from "./report-entries.ts";
import type { Shard } from "./shard.ts";
import { ANSWER_MS, Stream } from "./stream.ts";

/** The longest that the answer to a lease waits for the list. */
const WAIT_MS = 5_000;
/** For how long after a lease was held its shard needs updates. */
const HELD_MS = 30_000;

/** What a report says of a shard beside its members. */
export interface ShardFacts {
  /** The number of its connections that only watch. */
  watching: number;
  /** The number of its sockets. */
  sockets: number;
  /** The number of members that it keeps. */
  members: number;
}

interface HubLinkParts {
  room: string;
  shard: Shard;
  /** Makes a stub of the hub: one that threw stays broken. */
  hub: () => HubCalls;
  /** The shard's own members. */
  roster: () => Roster;
  facts: () => ShardFacts;
}

/** A connection, or a lease that is being answered. */
type Waiter = Connection | { user: string; isWatcher: boolean; resolve: () => void };

type Facts = Pick<Report, "watching" | "listens" | "isEmpty">;

/**
 * What a shard of a large room has beside any other room: its reports to the hub, the copy of the
 * merged list, and the joiners whose first state waits for it.
 */
export class HubLink {
  readonly shard: Shard;
  readonly copy = new Copy();
  readonly firstStates: FirstStates<Waiter>;
  readonly #parts: HubLinkParts;
  readonly #reports: Stream;
  readonly #inclusion: Inclusion;
  readonly #meetings = new HubMeetings();
  /** What the last report said; `null` after a start without sockets. */
  #reported: Facts | null = null;
  #heldAt = Number.NEGATIVE_INFINITY;
  #hasAskedForCopy = false;
  /** Whether the copy was dropped since the last update, of which the hub may not know. */
  #hasDropped = false;
  /**
   * Users that other generations are to release, once the list includes them here, each with the connection
   * of a lease that moved here.
   */
  readonly #released = new Map<string, string | undefined>();
  /** The generations in use; `null` until the hub has answered. */
  generations: number[] | null = null;

  constructor(parts: HubLinkParts) {
    this.#parts = parts;
    this.shard = parts.shard;
    this.#reports = new Stream(crypto.randomUUID(), () => parts.roster().list.ids());
    this.#inclusion = new Inclusion(this.#reports, this.copy);
    this.firstStates = new FirstStates((user) => this.#inclusion.includes(user));
  }

  /**
   * After a start: a shard whose sockets survived hibernation has reported everything, since a report
   * that is due keeps it awake. Any other reports after its start.
   */
  wake(now: number): void {
    if (this.#parts.facts().sockets > 0) this.#reported = this.#facts(now);
    else this.#reports.trigger();
  }

  /** The windows of this shard, and the number of watchers of the whole room. */
  sharing({ windows }: WindowConnections): WindowConnections {
    const { copy } = this;
    return {
      windows,
      get watching() {
        return copy.watching;
      },
    };
  }

  /** Notes whose entries changed; they are stored. */
  note(changed: Iterable<string>): void {
    for (const id of changed) this.#reports.note(id);
  }

  /** The time of a choice that a user makes here now. */
  choiceTime(user: string, now: number): number {
    return choiceTime(now, this.shard.of, this.choseAt(user));
  }

  /** Queues a user for the next report, even if others see no change. */
  noteChoice(user: string): void {
    this.#reports.note(user);
  }

  /** The time of the newest choice of a user that is known here; 0 for none. */
  choseAt(user: string): number {
    return this.#parts.roster().find(user)?.choseAt ?? 0;
  }

  /**
   * Call it before somebody joins: the hub must know of this shard, so that the backend's calls reach
   * it, and the shard of the generations in use. Waits until the hub has answered a report, unless it
   * sends updates already; `start` runs a turn.
   */
  async meetHub(now: number, start: () => void): Promise<void> {
    this.#meetings.begin(now);
    const isUpdated = this.#facts(now).listens && this.copy.isComplete;
    if (this.generations !== null && isUpdated) return;
    const next = this.#reports.number + 1;
    this.#reports.trigger();
    await this.#meetings.wait(next, start);
  }

  /** The other generations in use: users of this shard may still be in their shards. */
  get otherGenerations(): number[] {
    return (this.generations ?? []).filter((of) => of !== this.shard.of);
  }

  /**
   * Queues a user for release by other generations, once the list includes them here; `movedLease` is the
   * connection of a lease that they have a new one for.
   */
  releaseWhenIncluded(user: string, movedLease?: string): void {
    this.#released.set(user, movedLease ?? this.#released.get(user));
  }

  /** Takes the users that others are to release now, and the leases that moved. */
  takeReleased(): [user: string, movedLease: string | undefined][] {
    const released = [...this.#released].filter(([user]) => {
      return this.#parts.roster().isHere(user) && this.#inclusion.includes(user);
    });
    for (const [user] of released) this.#released.delete(user);
    return released;
  }

  /**
   * Waits until the copy includes a user of this shard as they are now, for at most 5 s; `start` runs a
   * turn.
   *
   * @throws Error if there is no copy by then.
   */
  async whenIncluded(user: string, start: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { user, isWatcher: false, resolve };
    this.firstStates.hold(waiting, null);
    this.#heldAt = Date.now();
    start();
    try {
      await within(WAIT_MS, () => promise);
    } catch (error) {
      this.firstStates.forget(waiting);
      if (!this.copy.isComplete) throw error;
    }
  }

  /** Notes another generation, of which a shard has called. */
  noteGeneration(of: number): void {
    if (this.generations?.includes(of) === false) this.generations.push(of);
  }

  /** Ends a turn whose changes are stored; returns the connections to send their first state. */
  settle(now: number): [Waiter, Since | null][] {
    const facts = this.#facts(now);
    const reported = this.#reported;
    const isNews =
      reported === null ||
      reported.watching !== facts.watching ||
      reported.listens !== facts.listens ||
      reported.isEmpty !== facts.isEmpty;
    const needsCopy = !this.copy.isComplete && this.firstStates.hasWaiting;
    if (
      (isNews && (reported !== null || !facts.isEmpty)) ||
      (needsCopy && !this.#hasAskedForCopy)
    ) {
      this.#reports.trigger();
      this.#hasAskedForCopy = needsCopy;
    }
    return this.copy.isComplete ? this.firstStates.take(now) : [];
  }

  /** The report to send now, if one is due. */
  report(now: number): Task | null {
    if (this.#reports.dueAt(now) > now) return null;
    const { envelope, ids } = this.#reports.begin(now);
    const facts = this.#facts(now);
    // The hub sends no more updates: the copy would be out of date when a user joins.
    if (!facts.listens && this.copy.toldBy !== null) this.#hasDropped = true;
    if (!facts.listens) this.copy.clear();
    const report: Report = {
      ...envelope,
      ...facts,
      shard: this.shard,
      holds: this.copy.toldBy ?? (this.#hasDropped ? "" : null),
      ...reportEntries(this.#parts.roster(), ids),
    };
    for (const id of ids) this.#inclusion.noteReported(id, envelope.number);
    this.#reported = facts;
    return (runTurn) => this.#send(report, runTurn);
  }

  async #send(report: Report, runTurn: RunTurn): Promise<void> {
    let answer: ReportReceipt | null = null;
    try {
      answer = await within(ANSWER_MS, async () => this.#parts.hub().report(report));
    } catch (error) {
      const { room } = this.#parts;
      log("failure", { code: "room_unavailable", room, reason: describeError(error) });
    }
    runTurn(() => this.#sent(report.number, answer));
  }

  #sent(sent: number, answer: ReportReceipt | null): void {
    if (answer === null) return this.#reports.fail();
    this.generations = answer.generations;
    this.#reports.settle(answer.receipt);
    // After a report without news the hub sends no update, so nothing else would end the wait.
    this.firstStates.look();
    this.#meetings.answered(sent);
  }

  /** Applies an update of the hub; returns whose entries changed. */
  take(update: ListUpdate, now: number): Set<string> | Receipt | "unwanted" {
    this.generations = update.generations;
    if (!this.#facts(now).listens) {
      this.copy.clear();
      return "unwanted";
    }
    const { toldBy } = this.copy;
    const changed = this.copy.take(update);
    // Of two hubs, one has ended: the other learns whose list this is.
    if (toldBy !== null && toldBy !== this.copy.toldBy) this.#reports.trigger();
    if (changed === "gap") return "gap";
    this.#hasAskedForCopy = false;
    this.#hasDropped = false;
    this.firstStates.look();
    this.#inclusion.look();
    return changed;
  }

  /** Reports everything, unless `last` is its last report, which the hub has. */
  speak(last: MessageId | null): void {
    const { from, number } = this.#reports;
    if (last?.from === from && last.number === number) return;
    this.#reports.restart();
  }

  /** When {@link report} or {@link settle} has something to do; `Infinity` for never. */
  dueAt(now: number): number {
    const waitedUntil = this.copy.isComplete ? this.firstStates.dueAt : Number.POSITIVE_INFINITY;
    return Math.min(this.#reports.dueAt(now), waitedUntil);
  }

  #facts(now: number): Facts {
    const { watching, sockets, members } = this.#parts.facts();
    const isHeld = now - this.#heldAt < HELD_MS && now >= this.#heldAt;
    const listens = sockets > 0 || isHeld;
    const isEmpty = sockets + members === 0 && !this.#meetings.isExpecting(now);
    return { watching, listens, isEmpty };
  }
}
