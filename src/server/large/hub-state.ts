import type { HubShard } from "./hub-shard.ts";
import { HubShards } from "./hub-shards.ts";
import { choiceOf, newestOf, silenced, type Part } from "./merge.ts";
import { MergedList } from "./merged-list.ts";
import type {
  ListUpdate,
  MessageId,
  Receipt,
  Report,
  ReportReceipt,
  SentMember,
} from "./messages.ts";
import type { Changes } from "./parts.ts";
import { keyOf, shardOfUser } from "./shard.ts";

/** How long the hub waits, after its start, for every shard to report (SPEC N4). */
const READY_MS = 5_000;
/** The shortest time between two updates of the number of watchers alone (SPEC S2). */
const WATCHING_MS = 5_000;

/** A call that the hub has to make. */
export type HubAction =
  | { do: "tell"; to: HubShard; update: ListUpdate }
  | { do: "ask"; to: HubShard; asked: MessageId | null }
  | { do: "recall"; to: HubShard; missing: string[] };

/**
 * The hub of a large room: what each shard reported, merged into one list, and what is still to be
 * sent to each shard (SPEC N3, N4). It knows neither storage nor clocks nor calls: time comes in, and
 * {@link take} hands over the calls to make.
 */
export class HubState {
  readonly list = new MergedList();
  readonly shards: HubShards;
  readonly #startedAt: number;
  #phase: "asking" | "recalling" | "ready" = "asking";
  #isRecalling = false;
  #toldWatchingAt = Number.NEGATIVE_INFINITY;

  /** `generations` are those in use when the hub last ran. */
  constructor(staleMs: number, generations: readonly number[], now: number) {
    this.shards = new HubShards(staleMs, generations, () => this.list.ids(), now);
    this.#startedAt = now;
    if (generations.length === 0) this.#phase = "ready";
  }

  get generations(): number[] {
    return this.shards.generations;
  }

  /** The number of watchers of the room (SPEC S2). */
  get watching(): number {
    return this.shards.watching;
  }

  /** Whether the list may be shown: not while shards have still to report after a start. */
  isReady(now: number): boolean {
    const { shards } = this;
    if (this.#phase === "asking" && (shards.haveAllReported || now >= this.#startedAt + READY_MS)) {
      const canRecall = !shards.haveAllReported && shards.copyHolder !== undefined;
      this.#phase = canRecall ? "recalling" : "ready";
    }
    return this.#phase === "ready";
  }

  /** When to call {@link take} again; `Infinity` for never. */
  dueAt(now: number): number {
    let at = this.isReady(now) ? this.#watchingDueAt : Number.POSITIVE_INFINITY;
    if (this.#phase === "asking") at = this.#startedAt + READY_MS;
    if (this.#phase === "recalling" && !this.#isRecalling) return now;
    for (const shard of this.shards) {
      if (this.#phase === "ready" && shard.listens) at = Math.min(at, shard.out.dueAt(now));
      at = Math.min(at, shard.askAt, shard.silentAt);
    }
    return at;
  }

  /** Takes a shard's report. */
  report(report: Report, now: number): ReportReceipt {
    const shard = this.shards.get(report.shard, now);
    shard.hear(now);
    const receipt = this.#receive(shard, report);
    if (!shard.isEmpty) this.shards.use(shard);
    return { receipt, generations: this.generations };
  }

  #receive(shard: HubShard, report: Report): Receipt {
    const before = shard.inbox.last?.from;
    const verdict = shard.inbox.judge(report);
    if (verdict !== "take") return verdict === "gap" ? "gap" : "taken";
    const { from, number } = report;
    if (before !== undefined && before !== from) shard.doubt();
    shard.note(report, before !== from);
    const changes = shard.parts.take(report, () => this.#idsOf(shard));
    if (changes === null) return "taken";
    this.#apply(shard, changes);
    shard.hasReported = true;
    shard.isSilent = false;
    shard.included = { from, number };
    if (changes.set.length + changes.gone.length > 0) shard.out.trigger();
    this.shards.dropUnused();
    return "taken";
  }

  #idsOf({ key }: HubShard): string[] {
    return [...this.list.partsFrom(key)].map(([id]) => id);
  }

  #apply({ key }: HubShard, { set, gone }: Changes): void {
    for (const [id, json, connections, choseAt = 0, chosen = null] of set) {
      this.#set(id, { shard: key, json, connections, choseAt, chosen });
    }
    for (const id of gone) if (this.list.delete(id, key)) this.#note(id);
  }

  #set(id: string, part: Part): void {
    if (this.list.set(id, part)) this.#note(id);
    const parts = this.list.partsOf(id);
    if (parts.length > 1) this.#passChoice(id, parts);
  }

  /** Passes a user's newest choice on to their other shards (SPEC N6). */
  #passChoice(user: string, parts: readonly Part[]): void {
    const newest = newestOf(parts);
    for (const { choseAt, shard } of parts) {
      if (choseAt < newest.choseAt) this.shards.find(shard)?.pass(choiceOf(user, newest));
    }
  }

  #note(id: string): void {
    for (const shard of this.shards) if (shard.listens) shard.out.note(id);
  }

  /** Hands over the calls to make now. */
  take(now: number): HubAction[] {
    const actions: HubAction[] = [];
    this.#silence(now);
    const isReady = this.isReady(now);
    if (this.#phase === "recalling" && !this.#isRecalling) {
      this.#isRecalling = true;
      const missing = [...this.shards].filter(({ hasReported }) => !hasReported);
      actions.push({
        do: "recall",
        to: this.shards.copyHolder!,
        missing: missing.map(({ key }) => key),
      });
    }
    if (isReady && this.#watchingDueAt <= now) {
      for (const shard of this.shards.withOldWatching) shard.out.trigger();
      this.#toldWatchingAt = now;
    }
    for (const shard of this.shards) {
      const isOld = shard.oldAt <= now && !shard.isAsked && !shard.isEmpty && shard.hasReported;
      if (shard.askAt <= now || isOld) {
        shard.beginAsking(now);
        const asked = shard.hasReported ? shard.inbox.last : null;
        actions.push({ do: "ask", to: shard, asked });
      }
      if (isReady && shard.listens && shard.out.dueAt(now) <= now) {
        actions.push({ do: "tell", to: shard, update: this.#updateFor(shard, now) });
      }
    }
    return actions;
  }

  /** Notes a shard's answer to an update, or that it `failed`. */
  told(shard: HubShard, answer: Receipt | "unwanted" | "failed", now: number): void {
    if (answer === "failed") {
      shard.out.fail();
      if (shard.hasReported && !shard.isAsked) shard.fail(now);
      return;
    }
    shard.hear(now);
    shard.settleChoices();
    if (answer === "unwanted") shard.listens = false;
    shard.out.settle(answer === "gap" ? "gap" : "taken");
  }

  /** Notes whether a shard answered when it was asked to report. */
  asked(shard: HubShard, hasAnswered: boolean, now: number): void {
    shard.endAsking(hasAnswered, now);
  }

  /** Takes what a shard's copy has of the shards that have not reported; `null` if it does not answer. */
  recalled(members: readonly SentMember[] | null, now: number): void {
    for (const [id, json, connections] of members ?? []) {
      if (this.list.entry(id) !== undefined) continue;
      const shard = [...this.shards].find((each) => {
        return !each.hasReported && keyOf(shardOfUser(id, each.shard.of)) === each.key;
      });
      if (!shard) continue;
      shard.isEmpty = false;
      shard.heardAt = now;
      this.#set(id, { shard: shard.key, json, connections, choseAt: 0, chosen: null });
    }
    this.#phase = "ready";
  }

  #updateFor(shard: HubShard, now: number): ListUpdate {
    const { envelope, ids } = shard.out.begin(now);
    const set: SentMember[] = [];
    const gone: string[] = [];
    for (const id of ids) {
      const entry = this.list.entry(id);
      if (entry === undefined) gone.push(id);
      else set.push([id, entry.json, entry.connections]);
    }
    const choices = shard.takeChoices();
    shard.toldWatching = this.watching;
    return {
      ...envelope,
      state: this.list.state,
      set,
      gone,
      watching: this.watching,
      included: shard.included,
      generations: this.generations,
      ...(choices.length > 0 && { choices }),
    };
  }

  /** Shows the members of shards that have been silent for too long as offline. */
  #silence(now: number): void {
    for (const shard of this.shards) {
      if (shard.silentAt > now) continue;
      shard.isSilent = true;
      shard.hasReported = false;
      shard.listens = false;
      shard.watching = 0;
      shard.inbox.clear();
      for (const [id, part] of [...this.list.partsFrom(shard.key)]) {
        if (part.connections === 0) continue;
        const json = silenced(part.json, shard.heardAt);
        this.#set(id, { ...part, json, connections: 0 });
      }
    }
  }

  get #watchingDueAt(): number {
    if (this.shards.withOldWatching.length === 0) return Number.POSITIVE_INFINITY;
    return this.#toldWatchingAt + WATCHING_MS;
  }
}
