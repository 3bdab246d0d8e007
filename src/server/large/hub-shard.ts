import type { Choice, MessageId, Report } from "./messages.ts";
import { Parts } from "./parts.ts";
import { keyOf, type Shard } from "./shard.ts";
import { Inbox, Stream } from "./stream.ts";

/** How long to wait after one, two, three and more failures in a row before a shard is asked again to report. */
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
  hasReported = false;
  /** Whether it has been silent for so long that its members count as offline. */
  isSilent = false;
  listens = false;
  /** Whether, by its last report, it keeps neither a member nor a socket. */
  isEmpty = true;
  watching = 0;
  /** The number of the room's watchers that it was last sent. */
  toldWatching = 0;
  /** Choices that its users made in other shards. */
  readonly #choices = new Map<string, Choice>();
  /** Those of them that are under way. */
  #sentChoices: Choice[] = [];
  /** The latest of its reports that the list includes. */
  included: MessageId = { from: "", number: 0 };
  #isAsked = false;
  #isDoubted = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Since when its calls have failed; `null` if the last one was answered. */
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
    // It has no copy if it restarted, and another hub's if a message of a hub that has ended came late.
    const isStrange = holds !== null && holds !== this.out.from && this.out.isSettled;
    if (listens && (!this.listens || hasStarted || isStrange)) this.out.restart();
    this.listens = listens;
    this.watching = watching;
    this.isEmpty = isEmpty;
  }

  /** Queues a choice that a user made in another shard. */
  pass(choice: Choice): void {
    const { data = this.#choices.get(choice.user)?.data } = choice;
    this.#choices.set(choice.user, { ...choice, ...(data !== undefined && { data }) });
    this.out.trigger();
  }

  /** The choices to send now; {@link settleChoices} is called once they have arrived. */
  takeChoices(): Choice[] {
    this.#sentChoices = [...this.#choices.values()];
    return this.#sentChoices;
  }

  settleChoices(): void {
    for (const choice of this.#sentChoices) {
      if (this.#choices.get(choice.user) === choice) this.#choices.delete(choice.user);
    }
  }

  /** Notes that a second sender reports for this shard: one of the two has ended, and the shard must say which. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** When to ask it to report everything, if it has not, or did not answer; `Infinity` for never. */
  get askAt(): number {
    if (this.#isDoubted && !this.#isAsked && this.#failures === 0) return Number.NEGATIVE_INFINITY;
    if (this.#isAsked || (this.hasReported && this.#failures === 0))
      return Number.POSITIVE_INFINITY;
    const at = Math.max(0, this.#failures - 1);
    return this.#askedAt + (ASK_AGAIN_MS[at] ?? ASK_AGAIN_MS.at(-1)!);
  }

  /** When to ask whether it is still there. */
  get oldAt(): number {
    return this.heardAt + (this.#staleMs * 4) / 9;
  }

  /**
   * When it has been silent for so long that its members count as offline; `Infinity` if no
   * call to it has failed. A hub that slept has not asked in time, and asks first.
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

  /** Ends the asking; a shard that answered sends its report by itself. */
  endAsking(hasAnswered: boolean, now: number): void {
    this.#isAsked = false;
    if (hasAnswered) this.hear(now);
    else this.fail(now);
  }
}
