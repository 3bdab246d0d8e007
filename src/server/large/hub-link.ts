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
import type { Asked, HubCalls, Receipt, Report, ReportReceipt, Telling } from "./messages.ts";
import type { Shard } from "./shard.ts";
import { ANSWER_MS, Stream } from "./stream.ts";

/** The longest that somebody who is about to join waits for the hub, or a lease for the list. */
const WAIT_MS = 5_000;
/** For how long somebody may still be about to join. */
const EXPECTING_MS = 60_000;
/** For how long after a lease was held its shard is told of changes. */
const HELD_MS = 30_000;

/** What a shard is beside its members. */
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
  /** The number of the report that an id was last in, until the copy includes it. */
  readonly #reportedIn = new Map<string, number>();
  /** What the last report said; `null` after a start without sockets. */
  #told: Facts | null = null;
  #heldAt = Number.NEGATIVE_INFINITY;
  #metAt = Number.NEGATIVE_INFINITY;
  #hasAskedForCopy = false;
  /** Whether the copy was dropped since the last telling, which the hub may not have heard. */
  #hasDropped = false;
  /** Users that shards of other numbers are to release, once the list includes them here. */
  readonly #released = new Set<string>();
  /** The numbers of shards in use; `null` until the hub has answered. */
  generations: number[] | null = null;
  /** Those who wait until the hub has answered this report or a later one. */
  #meeting: { number: number; resolve: () => void }[] = [];

  constructor(parts: HubLinkParts) {
    this.#parts = parts;
    this.shard = parts.shard;
    this.#reports = new Stream(crypto.randomUUID(), () => parts.roster().list.ids());
    this.firstStates = new FirstStates((user) => this.#includes(user));
  }

  /**
   * After a start: a shard whose sockets survived hibernation has reported everything, since a report
   * that is due keeps it awake. Any other reports after its start.
   */
  wake(now: number): void {
    if (this.#parts.facts().sockets > 0) this.#told = this.#facts(now);
    else this.#reports.poke();
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

  /** Has a user's choice reported, even if nobody else sees a change. */
  noteChoice(user: string): void {
    this.#reports.note(user);
  }

  /** The time of the newest choice of a user that is known here; 0 for none. */
  choseAt(user: string): number {
    return this.#parts.roster().find(user)?.choseAt ?? 0;
  }

  /** Waits for an answer of a hub that does not tell this shard what happens; `start` runs a turn. */
  async meetHub(now: number, start: () => void): Promise<void> {
    // Before somebody joins, the hub must know of this shard, for what the backend does, and this one
    // of the numbers of shards in use.
    this.#metAt = now;
    const isTold = this.#facts(now).listens && this.copy.isComplete;
    if (this.generations !== null && isTold) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#meeting.push({ number: this.#reports.number + 1, resolve });
    this.#reports.poke();
    start();
    await within(WAIT_MS, () => promise);
  }

  /** Whether there are shards of other numbers, in which users of this one may still be. */
  get otherGenerations(): number[] {
    return (this.generations ?? []).filter((of) => of !== this.shard.of);
  }

  /** Has shards of other numbers release a user, once the list includes them here. */
  releaseWhenIncluded(user: string): void {
    this.#released.add(user);
  }

  /** Takes the users that others are to release now. */
  takeReleased(): string[] {
    const released = [...this.#released].filter((user) => {
      return this.#parts.roster().isHere(user) && this.#includes(user);
    });
    for (const user of released) this.#released.delete(user);
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

  /** Takes a call of another shard: there is another number of shards. */
  noteGeneration(of: number): void {
    if (this.generations?.includes(of) === false) this.generations.push(of);
  }

  /** Ends a turn whose changes are stored; returns the connections to send their first state. */
  settle(now: number): [Waiter, Since | null][] {
    const facts = this.#facts(now);
    const told = this.#told;
    const isNews =
      told === null ||
      told.watching !== facts.watching ||
      told.listens !== facts.listens ||
      told.isEmpty !== facts.isEmpty;
    const needsCopy = !this.copy.isComplete && this.firstStates.isWaited;
    if ((isNews && (told !== null || !facts.isEmpty)) || (needsCopy && !this.#hasAskedForCopy)) {
      this.#reports.poke();
      this.#hasAskedForCopy = needsCopy;
    }
    return this.copy.isComplete ? this.firstStates.take(now) : [];
  }

  /** The report to send now, if one is due. */
  report(now: number): Task | null {
    if (this.#reports.dueAt(now) > now) return null;
    const { envelope, ids } = this.#reports.begin(now);
    const { list } = this.#parts.roster();
    const facts = this.#facts(now);
    // The hub tells it nothing more: the copy would be of the past when somebody comes.
    if (!facts.listens && this.copy.toldBy !== null) this.#hasDropped = true;
    if (!facts.listens) this.copy.clear();
    const report: Report = {
      ...envelope,
      ...facts,
      shard: this.shard,
      holds: this.copy.toldBy ?? (this.#hasDropped ? "" : null),
      set: [],
      gone: [],
    };
    for (const id of ids) {
      this.#reportedIn.set(id, envelope.number);
      const entry = list.entry(id);
      if (entry === undefined) report.gone.push(id);
      else report.set.push(this.#sentOf(id, entry));
    }
    this.#told = facts;
    return (runTurn) => this.#send(report, runTurn);
  }

  #sentOf(id: string, { json, connections }: { json: string; connections: number }) {
    const choseAt = this.choseAt(id);
    const sent: Report["set"][number] = [id, json, connections];
    if (choseAt > 0) sent.push(choseAt, this.#parts.roster().chosenBy(id));
    return sent;
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
    for (const { number, resolve } of this.#meeting) if (number <= sent) resolve();
    this.#meeting = this.#meeting.filter(({ number }) => number > sent);
  }

  /** Takes what the hub tells; returns whose entries changed. */
  take(telling: Telling, now: number): Set<string> | Receipt | "unwanted" {
    this.generations = telling.generations;
    if (!this.#facts(now).listens) {
      this.copy.clear();
      return "unwanted";
    }
    const { toldBy } = this.copy;
    const changed = this.copy.take(telling);
    // Of two hubs, one has ended: the other learns whose list this is.
    if (toldBy !== null && toldBy !== this.copy.toldBy) this.#reports.poke();
    if (changed === "gap") return "gap";
    this.#hasAskedForCopy = false;
    this.#hasDropped = false;
    this.firstStates.look();
    const included = this.#included;
    for (const [id, number] of this.#reportedIn) {
      if (number <= included) this.#reportedIn.delete(id);
    }
    return changed;
  }

  /** Reports everything, unless the hub has it. */
  speak(asked: Asked | null): void {
    const { from, number } = this.#reports;
    if (asked?.from === from && asked.number === number) return;
    this.#reports.restart();
  }

  /** When {@link report} or {@link settle} has something to do; `Infinity` for never. */
  dueAt(now: number): number {
    const waitedUntil = this.copy.isComplete ? this.firstStates.dueAt : Number.POSITIVE_INFINITY;
    return Math.min(this.#reports.dueAt(now), waitedUntil);
  }

  get #included(): number {
    const { included } = this.copy;
    return included?.from === this.#reports.from ? included.number : 0;
  }

  #includes(user: string): boolean {
    if (this.#reports.hasPending(user)) return false;
    return (this.#reportedIn.get(user) ?? 0) <= this.#included;
  }

  #facts(now: number): Facts {
    const { watching, sockets, members } = this.#parts.facts();
    const isHeld = now - this.#heldAt < HELD_MS && now >= this.#heldAt;
    const listens = sockets > 0 || isHeld;
    const isExpecting = now - this.#metAt < EXPECTING_MS;
    return { watching, listens, isEmpty: sockets + members === 0 && !isExpecting };
  }
}
