import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Outbox } from "../../src/client/outbox.ts";
import { Pace } from "../../src/client/pace.ts";
import type { Change } from "../../src/client/types.ts";
import { runs } from "../property-cases.ts";

type Sent = Change & { id: string };

/** A room behind a connection that loses frames in both directions. */
class Line {
  readonly outbox = new Outbox();
  readonly pace = new Pace(() => this.flush());
  /** What the room holds. */
  room: Change = {};
  isUp = false;
  #sent: Sent[] = [];
  #acks: string[] = [];

  flush(): void {
    const sent = this.isUp && this.outbox.take();
    if (!sent) return;
    this.#sent.push(sent);
    this.pace.count();
  }

  /** The room receives the oldest frame under way. */
  deliver(): void {
    const sent = this.#sent.shift();
    if (!sent) return;
    const { id, ...change } = sent;
    this.room = { ...this.room, ...change };
    this.#acks.push(id);
  }

  acknowledge(): void {
    this.outbox.settle(this.#acks.shift());
  }

  cut(): void {
    this.isUp = false;
    this.#sent = [];
    this.#acks = [];
    this.outbox.restore();
  }

  connect(): void {
    this.isUp = true;
    this.flush();
  }
}

const change = fc.oneof(
  fc.record({ status: fc.constantFrom("online", "away", "busy", null) }),
  fc.record({ data: fc.oneof(fc.constant(null), fc.record({ typed: fc.nat(9) })) }),
);
/** Changes come alone, or so soon after one another that they are gathered. */
const step = fc.oneof(
  fc.record({ change, waitMs: fc.constantFrom(0, 20, 300) }),
  fc.constantFrom("deliver", "acknowledge", "cut", "connect"),
);

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

it("[K6.1] the room has the last of each change in the end, whatever was lost on the way", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const line = new Line();
      let last: Change = {};
      for (const each of steps) {
        if (typeof each === "string") {
          line[each]();
          continue;
        }
        last = { ...last, ...(each.change as Change) };
        line.outbox.put(each.change as Change);
        line.pace.due();
        vi.advanceTimersByTime(each.waitMs);
        // What is shown is what was chosen here, until the room has that.
        if (line.outbox.chosen !== undefined) expect(line.outbox.chosen).toBe(last.status);
      }
      line.cut();
      line.connect();
      vi.advanceTimersByTime(1_000);
      for (let left = 0; left < 5; left++) {
        line.deliver();
        line.acknowledge();
      }
      expect(line.room).toEqual(last);
      expect(line.outbox.chosen).toBeUndefined();
      expect(line.outbox.take()).toBeNull();
    }),
    { numRuns: runs(5_000) },
  );
});
