import type { Choice, Report, Telling } from "./messages.ts";
import { Parts } from "./parts.ts";
import { keyOf, type Shard } from "./shard.ts";
import { Inbox, Stream } from "./stream.ts";

/** After how many failures in a row a shard is asked to speak how much later, in milliseconds. */
const ASK_AGAIN_MS = [1_000, 2_000, 4_000];

/** What the hub knows of one shard. Times are milliseconds since 1970. */
export class HubShard {
  readonly shard: Shard;
  readonly key: string;
  readonly inbox = new Inbox();
  readonly out: Stream;
  readonly parts = new Parts();
  /** When it last called or answered. */
  heardAt: number;
  /** Whether it has reported everything since the hub's start, and was not silent for too long since. */
  hasSpoken = false;
  /** Whether it has been silent for so long that its members count as offline. */
  isSilent = false;
  listens = false;
  /** Whether it has reported that it keeps nobody. */
  isEmpty = true;
  watching = 0;
  /** The number of the room's watchers that it was last told. */
  toldWatching = 0;
  /** Choices that its users made in other shards. */
  readonly #choices = new Map<string, Choice>();
  /** Those of them that it is being told. */
  #sentChoices: Choice[] = [];
  /** The latest of its reports that the list includes. */
  included: Telling["included"] = { from: "", number: 0 };
  #isAsked = false;
  #isDoubted = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Since when it was called in vain; `null` if it was not. */
  #triedSince: number | null = null;
  readonly #staleMs: number;

  constructor(shard: Shard, all: () => Iterable<string>, staleMs: number, now: number) {
    this.#staleMs = staleMs;
    this.shard = shard;
    this.key = keyOf(shard);
    this.out = new Stream(crypto.randomUUID(), all);
    this.heardAt = now;
  }

  /** Notes that it called or answered. */
  hear(now: number): void {
    this.heardAt = now;
    this.#failures = 0;
    this.#triedSince = null;
  }

  /** Takes what a report says of the shard itself. */
  note({ listens, watching, isEmpty, holds }: Report, hasStarted: boolean): void {
    // It has no copy if it has started again, and another hub's if a hub that has ended told it late.
    const isStrange = holds !== null && holds !== this.out.from && this.out.isSettled;
    if (listens && (!this.listens || hasStarted || isStrange)) this.out.restart();
    this.listens = listens;
    this.watching = watching;
    this.isEmpty = isEmpty;
  }

  /** Has a choice told that a user made in another shard. */
  pass(choice: Choice): void {
    this.#choices.set(choice.user, choice);
    this.out.poke();
  }

  /** The choices to tell now; {@link settleChoices} ends the telling. */
  takeChoices(): Choice[] {
    this.#sentChoices = [...this.#choices.values()];
    return this.#sentChoices;
  }

  settleChoices(): void {
    for (const choice of this.#sentChoices) {
      if (this.#choices.get(choice.user) === choice) this.#choices.delete(choice.user);
    }
  }

  /** Notes that another sender reports for it: one of the two has ended, and it must say which. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** When to ask it to speak, if it has not, or did not answer; `Infinity` for never. */
  get askAt(): number {
    if (this.#isDoubted && !this.#isAsked && this.#failures === 0) return Number.NEGATIVE_INFINITY;
    if (this.#isAsked || (this.hasSpoken && this.#failures === 0)) return Number.POSITIVE_INFINITY;
    const at = Math.max(0, this.#failures - 1);
    return this.#askedAt + (ASK_AGAIN_MS[at] ?? ASK_AGAIN_MS.at(-1)!);
  }

  /** When to ask whether it is still there. */
  get oldAt(): number {
    return this.heardAt + (this.#staleMs * 4) / 9;
  }

  /**
   * When it has been silent for so long that its members count as offline; `Infinity` if nobody has
   * called it in vain. A hub that slept has not asked in time, and asks first.
   */
  get silentAt(): number {
    if (this.isSilent || this.#triedSince === null) return Number.POSITIVE_INFINITY;
    return Math.max(this.heardAt, this.#triedSince - (this.#staleMs * 4) / 9) + this.#staleMs;
  }

  beginAsking(now: number): void {
    this.#triedSince ??= now;
    this.#isAsked = true;
    this.#isDoubted = false;
    this.#askedAt = now;
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Notes that a call was not answered. */
  fail(now: number): void {
    this.#failures++;
    this.#triedSince ??= now;
  }

  /** Ends the asking; one who answered reports by itself. */
  endAsking(hasAnswered: boolean, now: number): void {
    this.#isAsked = false;
    if (hasAnswered) this.hear(now);
    else this.fail(now);
  }
}
