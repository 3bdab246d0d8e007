import type { Envelope, MessageId, Receipt } from "./messages.ts";

/** At most four messages a second. */
const EVERY_MS = 250;
/**
 * A call between objects that is not answered by then counts as lost. It and the longest wait below
 * leave time to tell everybody within 5 s after a fault has ended.
 */
export const ANSWER_MS = 4_000;
/** After a failure, the next message covers the failed one: after this time, then twice as long, and so on. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 4_000;
/** Members in one message: with the longest names, images and data they stay below 32 MiB. */
const MAX_IN_PART = 4_000;

/** A message to send: its envelope, and the ids whose entries it has. */
export interface Outgoing {
  envelope: Envelope;
  ids: string[];
}

/**
 * The sending side of a stream of changes to another object. It gathers ids: what is sent of each is
 * as it is at that moment. One message is under way at a time. Time comes in as a number.
 *
 * @example
 * const stream = new Stream("boot-1", () => ids);
 * stream.note("ada");
 * const { envelope, ids } = stream.begin(now);
 */
export class Stream {
  readonly from: string;
  readonly #all: () => Iterable<string>;
  readonly #pending = new Set<string>();
  /** What is still to be sent of a message that is sent in parts. */
  #parts: { ids: string[]; isWhole: boolean } | null = null;
  /** Whether the next message begins with everything; it is not due for that. */
  #isWholeDue = true;
  /** Whether a message is due, whatever changed. */
  #isTriggered = false;
  #number = 0;
  /** The last message that was taken. */
  #taken = 0;
  #underWay: Outgoing | null = null;
  #begunAt = Number.NEGATIVE_INFINITY;
  #failures = 0;

  /** `all` returns the ids of all entries. */
  constructor(from: string, all: () => Iterable<string>) {
    this.from = from;
    this.#all = all;
  }

  /** The number of the last message that was begun. */
  get number(): number {
    return this.#number;
  }

  /** Notes a change. */
  note(id: string): void {
    this.#pending.add(id);
  }

  /** Makes a message due, with or without changes. */
  trigger(): void {
    this.#isTriggered = true;
  }

  /** Whether the last message is known to have arrived, and nothing more is to be sent. */
  get isSettled(): boolean {
    return !this.#isDue && this.#underWay === null;
  }

  /** Makes a message with everything due. */
  restart(): void {
    this.#isWholeDue = true;
    this.#isTriggered = true;
    this.#parts = null;
  }

  /** Whether an id, or a change of it, is still to be sent. */
  hasPending(id: string): boolean {
    if (this.#isWholeDue || this.#parts?.isWhole) return true;
    return this.#pending.has(id) || (this.#parts?.ids.includes(id) ?? false);
  }

  get #isDue(): boolean {
    return this.#parts !== null || this.#isTriggered || this.#pending.size > 0;
  }

  /** When to {@link begin} the next message; `Infinity` if there is none, or one is under way. */
  dueAt(now: number): number {
    if (this.#underWay !== null || !this.#isDue) return Number.POSITIVE_INFINITY;
    if (this.#parts !== null) return now;
    const waitMs =
      this.#failures === 0
        ? EVERY_MS
        : Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1));
    const at = this.#begunAt + waitMs;
    // If the clock is set back, changes must still be sent.
    return at > now + waitMs ? now : at;
  }

  /**
   * Begins the next message, or the next part of one. The last part has what changed since the first,
   * too, so that the receiver then has all that there is at one moment. End it by {@link settle} or
   * {@link fail}.
   */
  begin(now: number): Outgoing {
    const isFirst = this.#isWholeDue;
    const { ids, isWhole } = this.#next();
    this.#isTriggered = false;
    this.#begunAt = now;
    const part = ids.splice(0, MAX_IN_PART);
    const hasMore = ids.length > 0;
    this.#parts = hasMore ? { ids, isWhole } : null;
    const envelope: Envelope = {
      from: this.from,
      after: this.#taken,
      number: ++this.#number,
      ...(isFirst && { whole: true }),
      ...(hasMore && { more: true }),
    };
    this.#underWay = { envelope, ids: part };
    return this.#underWay;
  }

  /** What is to be sent now and in the parts that follow; what would be the last part gets the changes. */
  #next(): { ids: string[]; isWhole: boolean } {
    const { ids, isWhole } = this.#parts ?? { ids: [], isWhole: this.#isWholeDue };
    if (this.#isWholeDue) for (const id of this.#all()) ids.push(id);
    else if (ids.length <= MAX_IN_PART) for (const id of this.#pending) ids.push(id);
    else return { ids, isWhole };
    this.#isWholeDue = false;
    this.#pending.clear();
    return { ids, isWhole };
  }

  /** Ends the message under way, which was received. */
  settle(receipt: Receipt): void {
    const sent = this.#underWay;
    this.#underWay = null;
    this.#failures = 0;
    if (receipt === "gap") this.restart();
    else if (sent) this.#taken = sent.envelope.number;
  }

  /** Ends the message under way, which may or may not have arrived: the next one covers it. */
  fail(): void {
    const sent = this.#underWay;
    this.#underWay = null;
    this.#failures++;
    if (!sent) return;
    const { whole, more } = sent.envelope;
    if (whole || (more && this.#parts?.isWhole)) return this.restart();
    for (const id of sent.ids) this.#pending.add(id);
    for (const id of this.#parts?.ids ?? []) this.#pending.add(id);
    this.#parts = null;
    this.trigger();
  }
}

/** The receiving side of a stream. */
export class Inbox {
  #from: string | null = null;
  #number = 0;
  /** The last message that was taken; `null` for none. */
  get last(): MessageId | null {
    return this.#from === null ? null : { from: this.#from, number: this.#number };
  }

  /**
   * Judges a message, and counts one to `take` as received; an `old` one was covered by a later one.
   * Everything is taken from any sender: whether the newer one is that which has started again, or one
   * that has ended and whose message was late, is for the caller to find out.
   */
  judge({ from, number, after, whole }: Envelope): "take" | "gap" | "old" {
    const isKnown = from === this.#from;
    if (isKnown && number <= this.#number) return "old";
    if (!whole && (!isKnown || after > this.#number)) return "gap";
    this.#from = from;
    this.#number = number;
    return "take";
  }

  /** Forgets what was received: only everything fits then. */
  clear(): void {
    this.#from = null;
    this.#number = 0;
  }
}
