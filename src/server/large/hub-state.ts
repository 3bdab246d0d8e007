import { HubShard } from "./hub-shard.ts";
import { choiceOf, newestOf, silenced, type Part } from "./merge.ts";
import { MergedList } from "./merged-list.ts";
import type { Asked, Receipt, Report, ReportReceipt, SentMember, Telling } from "./messages.ts";
import type { Changes } from "./parts.ts";
import { keyOf, shardOfUser, shardsOf, type Shard } from "./shard.ts";

/** How long the hub waits, after its start, for every shard to speak (SPEC N4). */
const READY_MS = 5_000;
/** The number of watchers alone is told at most this often (SPEC S2). */
const WATCHING_MS = 5_000;

/** A call that the hub has to make. */
export type HubAction =
  | { do: "tell"; to: HubShard; telling: Telling }
  | { do: "ask"; to: HubShard; asked: Asked | null }
  | { do: "recall"; to: HubShard; missing: string[] };

/**
 * The hub of a large room: what each shard reported, merged into one list, and what each shard is
 * still to be told (SPEC N3, N4). It knows neither storage nor clocks nor calls: time comes in, and
 * {@link take} hands over the calls to make.
 */
export class HubState {
  readonly list = new MergedList();
  readonly #staleMs: number;
  readonly #shards = new Map<string, HubShard>();
  readonly #generations: Set<number>;
  readonly #startedAt: number;
  #phase: "asking" | "recalling" | "ready" = "asking";
  #isRecalling = false;
  #toldWatchingAt = Number.NEGATIVE_INFINITY;
  /** Whether the stored generations differ from the ones in use. */
  isMoved = false;

  /** `generations` are the numbers of shards in use when the hub last ran. */
  constructor(staleMs: number, generations: readonly number[], now: number) {
    this.#staleMs = staleMs;
    this.#startedAt = now;
    this.#generations = new Set(generations);
    for (const of of generations) for (const shard of shardsOf(of)) this.#get(shard, now);
    if (generations.length === 0) this.#phase = "ready";
  }

  get generations(): number[] {
    return [...this.#generations];
  }

  get shards(): Iterable<HubShard> {
    return this.#shards.values();
  }

  /** The number of watchers of the room (SPEC S2). */
  get watching(): number {
    let sum = 0;
    for (const { watching } of this.#shards.values()) sum += watching;
    return sum;
  }

  /** Whether the list may be shown: not while shards have still to speak after a start. */
  isReady(now: number): boolean {
    if (this.#phase === "asking" && (this.#isComplete || now >= this.#startedAt + READY_MS)) {
      const canRecall = !this.#isComplete && this.#witness !== undefined;
      this.#phase = canRecall ? "recalling" : "ready";
    }
    return this.#phase === "ready";
  }

  /** When to call {@link take} again; `Infinity` for never. */
  dueAt(now: number): number {
    let at = this.isReady(now) ? this.#watchingDueAt : Number.POSITIVE_INFINITY;
    if (this.#phase === "asking") at = this.#startedAt + READY_MS;
    if (this.#phase === "recalling" && !this.#isRecalling) return now;
    for (const shard of this.#shards.values()) {
      if (this.#phase === "ready" && shard.listens) at = Math.min(at, shard.out.dueAt(now));
      at = Math.min(at, shard.askAt, shard.silentAt);
    }
    return at;
  }

  /** Takes a shard's report. */
  report(report: Report, now: number): ReportReceipt {
    const shard = this.#get(report.shard, now);
    shard.hear(now);
    const receipt = this.#receive(shard, report);
    if (!shard.isEmpty && !this.#generations.has(report.shard.of)) {
      this.#generations.add(report.shard.of);
      this.isMoved = true;
    }
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
    shard.hasSpoken = true;
    shard.isSilent = false;
    shard.included = { from, number };
    if (changes.set.length + changes.gone.length > 0) shard.out.poke();
    this.#dropGenerations();
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
      if (choseAt < newest.choseAt) this.#shards.get(shard)?.pass(choiceOf(user, newest));
    }
  }

  #note(id: string): void {
    for (const shard of this.#shards.values()) if (shard.listens) shard.out.note(id);
  }

  /** Hands over the calls to make now. */
  take(now: number): HubAction[] {
    const actions: HubAction[] = [];
    this.#silence(now);
    const isReady = this.isReady(now);
    if (this.#phase === "recalling" && !this.#isRecalling) {
      this.#isRecalling = true;
      const missing = [...this.#shards.values()].filter(({ hasSpoken }) => !hasSpoken);
      actions.push({ do: "recall", to: this.#witness!, missing: missing.map(({ key }) => key) });
    }
    if (isReady && this.#watchingDueAt <= now) {
      for (const shard of this.#misinformed) shard.out.poke();
      this.#toldWatchingAt = now;
    }
    for (const shard of this.#shards.values()) {
      const isOld = shard.oldAt <= now && !shard.isAsked && !shard.isEmpty && shard.hasSpoken;
      if (shard.askAt <= now || isOld) {
        shard.beginAsking(now);
        const asked = shard.hasSpoken ? shard.inbox.last : null;
        actions.push({ do: "ask", to: shard, asked });
      }
      if (isReady && shard.listens && shard.out.dueAt(now) <= now) {
        actions.push({ do: "tell", to: shard, telling: this.#telling(shard, now) });
      }
    }
    return actions;
  }

  /** Ends a telling: with the shard's answer, or with `failed`. */
  told(shard: HubShard, answer: Receipt | "unwanted" | "failed", now: number): void {
    if (answer === "failed") {
      shard.out.fail();
      if (shard.hasSpoken && !shard.isAsked) shard.fail(now);
      return;
    }
    shard.hear(now);
    shard.settleChoices();
    if (answer === "unwanted") shard.listens = false;
    shard.out.settle(answer === "gap" ? "gap" : "taken");
  }

  /** Ends an asking. */
  asked(shard: HubShard, hasAnswered: boolean, now: number): void {
    shard.endAsking(hasAnswered, now);
  }

  /** Takes what a shard remembers of those that have not spoken; `null` if it does not answer. */
  recalled(members: readonly SentMember[] | null, now: number): void {
    for (const [id, json, connections] of members ?? []) {
      if (this.list.entry(id) !== undefined) continue;
      const shard = [...this.#shards.values()].find((each) => {
        return !each.hasSpoken && keyOf(shardOfUser(id, each.shard.of)) === each.key;
      });
      if (!shard) continue;
      shard.isEmpty = false;
      shard.heardAt = now;
      this.#set(id, { shard: shard.key, json, connections, choseAt: 0, chosen: null });
    }
    this.#phase = "ready";
  }

  #telling(shard: HubShard, now: number): Telling {
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

  /** Has the members of shards that have been silent for too long appear offline. */
  #silence(now: number): void {
    for (const shard of this.#shards.values()) {
      if (shard.silentAt > now) continue;
      shard.isSilent = true;
      shard.hasSpoken = false;
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

  /** Whether nobody may be missing from the list. */
  get isCertain(): boolean {
    return [...this.#shards.values()].every(({ hasSpoken, isSilent }) => hasSpoken || isSilent);
  }

  get #isComplete(): boolean {
    return [...this.#shards.values()].every(({ hasSpoken }) => hasSpoken);
  }

  /** A shard that may still have a copy of the list as it was before the hub started again. */
  get #witness(): HubShard | undefined {
    return [...this.#shards.values()].find(({ hasSpoken, listens }) => hasSpoken && listens);
  }

  /** The shards that were told another number of watchers. */
  get #misinformed(): HubShard[] {
    const { watching } = this;
    return [...this.#shards.values()].filter((shard) => {
      return shard.listens && shard.toldWatching !== watching;
    });
  }

  get #watchingDueAt(): number {
    if (this.#misinformed.length === 0) return Number.POSITIVE_INFINITY;
    return this.#toldWatchingAt + WATCHING_MS;
  }

  #get(shard: Shard, now: number): HubShard {
    const key = keyOf(shard);
    const known = this.#shards.get(key);
    if (known) return known;
    const found = new HubShard(shard, () => this.list.ids(), this.#staleMs, now);
    this.#shards.set(key, found);
    return found;
  }

  /** Drops numbers of shards of which all keep nobody. */
  #dropGenerations(): void {
    for (const of of this.#generations) {
      const shards = [...this.#shards.values()].filter(({ shard }) => shard.of === of);
      if (shards.some(({ isEmpty, hasSpoken }) => !isEmpty || !hasSpoken)) continue;
      this.#generations.delete(of);
      this.isMoved = true;
    }
  }
}
