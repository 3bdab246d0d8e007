import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Copy } from "../../../src/server/large/copy.ts";
import { HubState } from "../../../src/server/large/hub-state.ts";
import type { Receipt, SentMember } from "../../../src/server/large/messages.ts";
import { Stream, type Outgoing } from "../../../src/server/large/stream.ts";
import { runs } from "../../property-cases.ts";

/** How many there are at first: up to 4,000 fit into one message, more come in parts. */
const size = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 3) },
  { weight: 1, arbitrary: fc.constantFrom(4_000, 4_001, 8_500) },
);
const STALE_MS = 45_000;

/** What is sent of a message's ids. */
type Message = Pick<Outgoing, "envelope"> & { set: SentMember[]; gone: string[]; truth: string };

/** Either end of the streams between shards and hub. */
interface Receiver {
  take(message: Message): Receipt;
  members(): string[];
}

/** A shard, which also has to say what its windows are to be shown. */
class Shard implements Receiver {
  readonly #copy = new Copy();
  readonly #shown = new Map<string, string>();

  take({ envelope, set, gone }: Message): Receipt {
    const changed = this.#copy.take({
      ...envelope,
      state: { epoch: "epoch", version: envelope.number },
      set,
      gone,
      watching: 0,
      included: { from: "", number: 0 },
      generations: [1],
    });
    if (changed === "gap") return "gap";
    for (const id of changed) {
      const json = this.#copy.member(id);
      if (json === this.#shown.get(id)) throw new Error(`${id} has not changed`);
      if (json === undefined) this.#shown.delete(id);
      else this.#shown.set(id, json);
    }
    return "taken";
  }

  members(): string[] {
    const isShown = (id: string) => this.#copy.member(id) === this.#shown.get(id);
    expect([this.#shown.size, [...this.#shown.keys()].every(isShown)]).toEqual([
      this.#copy.size,
      true,
    ]);
    return this.#copy.members();
  }
}

class Hub implements Receiver {
  readonly #state = new HubState(STALE_MS, [], 0);

  take({ envelope, set, gone }: Message): Receipt {
    const { receipt } = this.#state.report(
      {
        ...envelope,
        shard: { of: 1, index: 0 },
        set,
        gone,
        watching: 0,
        listens: false,
        holds: null,
        isEmpty: false,
      },
      0,
    );
    return receipt;
  }

  members(): string[] {
    return this.#state.list.members();
  }
}

/** A sender with its entries, and the calls to one receiver. */
class Sender {
  readonly #entries = new Map<string, string>();
  readonly #newReceiver: () => Receiver;
  #receiver: Receiver;
  #stream!: Stream;
  #starts = 0;
  #changes = 0;
  /** Calls that were given up, and arrive later. */
  #late: Message[] = [];

  constructor(size: number, newReceiver: () => Receiver) {
    for (let at = 0; at < size; at++) this.#entries.set(`user-${at}`, JSON.stringify({ at }));
    this.#newReceiver = newReceiver;
    this.#receiver = newReceiver();
    this.start();
  }

  start(): void {
    this.#late = [];
    this.#stream = new Stream(`start-${++this.#starts}`, () => this.#entries.keys());
    this.#stream.trigger();
  }

  /** The receiver starts again, and has the sender say something. */
  startReceiver(): void {
    this.#receiver = this.#newReceiver();
    this.#stream.trigger();
  }

  ask(): void {
    this.#stream.restart();
  }

  set(id: string): void {
    this.#entries.set(id, JSON.stringify({ change: ++this.#changes }));
    this.#stream.note(id);
  }

  /** Changes so many at once, or has them leave. */
  many(count: number, how: "set" | "delete"): void {
    for (let at = 0; at < count; at++) this[how](`user-${at}`);
  }

  delete(id: string): void {
    if (this.#entries.delete(id)) this.#stream.note(id);
  }

  call(fate: "arrives" | "lost" | "answer lost" | "late"): void {
    if (this.#stream.dueAt(Number.MAX_SAFE_INTEGER) === Number.POSITIVE_INFINITY) return;
    const { envelope, ids } = this.#stream.begin(0);
    expect(ids.length).toBeLessThanOrEqual(4_000);
    const set: SentMember[] = [];
    const gone: string[] = [];
    for (const id of ids) {
      const json = this.#entries.get(id);
      if (json === undefined) gone.push(id);
      else set.push([id, json, 1]);
    }
    const message = { envelope, set, gone, truth: this.#truth };
    if (fate === "late") this.#late.push(message);
    const receipt = fate === "arrives" || fate === "answer lost" ? this.#arrive(message) : null;
    if (fate === "arrives") this.#stream.settle(receipt!);
    else this.#stream.fail();
  }

  arriveLate(): void {
    const message = this.#late.shift();
    if (message) this.#arrive(message, true);
  }

  /** Lets all calls arrive until everything is sent; returns what is known then, and what there is. */
  settle(): [known: string, truth: string] {
    for (let calls = 0; !this.#stream.isSettled; calls++) {
      expect(calls).toBeLessThan(20);
      this.call("arrives");
    }
    return [this.#receiver.members().join(), this.#truth];
  }

  get #truth(): string {
    return [...this.#entries.keys()]
      .toSorted()
      .map((id) => this.#entries.get(id))
      .join();
  }

  #arrive(message: Message, isLate = false): Receipt {
    const receipt = this.#receiver.take(message);
    // At the last part, the receiver has all that there was when it was sent.
    if (receipt === "taken" && !message.envelope.more && !isLate) {
      expect(this.#receiver.members().join()).toBe(message.truth);
    }
    return receipt;
  }
}

const often = fc.constantFrom("user-0", "zoe");
const id = fc.oneof(often, often, fc.constantFrom("user-1", "user-4000", "user-8499"));
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("set" as const, "delete" as const), id }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      fate: fc.constantFrom("arrives" as const, "arrives", "lost", "answer lost", "late"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("many" as const),
      count: fc.constantFrom(4_000, 4_001, 8_500),
      how: fc.constantFrom("set" as const, "set", "delete"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("arriveLate" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("ask" as const, "start" as const, "startReceiver" as const),
    }),
  },
);

describe("messages between hub and shards", () => {
  it.each<[string, () => Receiver]>([
    ["update", () => new Shard()],
    ["report", () => new Hub()],
  ])(
    "[N3.1, N4.1, N4.2] after each %s, however many parts it has and whatever was lost or late, all is known that there was",
    (_what, newReceiver) => {
      fc.assert(
        fc.property(size, fc.array(step, { maxLength: 25, size: "max" }), (size, steps) => {
          const sender = new Sender(size, newReceiver);
          for (const each of steps) {
            if (each.do === "call") sender.call(each.fate);
            else if (each.do === "set" || each.do === "delete") sender[each.do](each.id);
            else if (each.do === "many") sender.many(each.count, each.how);
            else sender[each.do]();
          }
          const [known, truth] = sender.settle();
          expect(known).toBe(truth);
        }),
        { numRuns: runs(50) },
      );
    },
  );
});
