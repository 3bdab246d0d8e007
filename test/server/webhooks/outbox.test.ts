import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Status } from "../../../src/protocol/messages.ts";
import { eventsOf } from "../../../src/server/room/webhooks/events.ts";
import type { EventContent, WebhookMessage } from "../../../src/protocol/webhook-message.ts";
import { Outbox, type Message } from "../../../src/server/room/webhooks/outbox.ts";
import { decideRetry, GIVE_UP_MS, retryDelayMs } from "../../../src/server/room/webhooks/retry.ts";
import { runs } from "../../property-cases.ts";

const HOUR_MS = 3_600_000;

const member = (id: string, status: Status) => ({
  id,
  name: id,
  status,
  connections: status === "offline" ? 0 : 1,
  lastOnline: status === "offline" ? new Date(0).toISOString() : null,
});

describe("what becomes of a failure", () => {
  it("[H6.1] is tried within 24 h, each wait below the double of the last bound and an hour", () => {
    const chances = fc.array(fc.double({ min: 0.05, max: 0.999, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(chances, fc.nat({ max: 10_000 }), (randoms, tookMs) => {
        let now = tookMs;
        let failures = 1;
        let decision = decideRetry(0, failures, now, randoms[0]!);
        while (decision.kind === "retry") {
          expect(decision.at).toBeGreaterThanOrEqual(now);
          expect(decision.at - now).toBeLessThanOrEqual(Math.min(HOUR_MS, 1_000 * 2 ** failures));
          expect(decision.at).toBeLessThanOrEqual(GIVE_UP_MS);
          now = decision.at + tookMs;
          decision = decideRetry(0, ++failures, now, randoms[failures % randoms.length]!);
        }
        // It was tried when the day was over, and not long after.
        expect(now).toBeGreaterThanOrEqual(GIVE_UP_MS);
        expect(now).toBeLessThanOrEqual(GIVE_UP_MS + tookMs);
      }),
    );
  });

  it("[H6.1] waits by full jitter: any time from none to the bound", () => {
    expect(retryDelayMs(3, 0)).toBe(0);
    expect(retryDelayMs(3, 0.5)).toBe(4_000);
    expect(retryDelayMs(3, 0.999_999)).toBe(7_999);
    expect(retryDelayMs(60, 0.5)).toBe(HOUR_MS / 2);
  });
});

describe("what a commit tells", () => {
  it("[H2.1, H2.2] who follows the events knows who is there, and when anybody is", () => {
    const statuses = fc.constantFrom<(Status | null)[]>("online", "busy", "offline", null);
    const step = fc.dictionary(fc.constantFrom("ada", "bob", "cleo"), statuses);
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const entries = new Map<string, string>();
        const known = new Map<string, Status>();
        let occupied = false;
        for (const changes of steps) {
          const visible = Object.entries(changes).map(([id, status]) => {
            const before = entries.get(id);
            if (status === null) entries.delete(id);
            else entries.set(id, JSON.stringify(member(id, status)));
            return { before, after: entries.get(id) };
          });
          const present = [...entries.values()]
            .map((json) => JSON.parse(json) as ReturnType<typeof member>)
            .filter(({ status }) => status !== "offline");
          for (const told of eventsOf(visible, present.length, 0)) {
            if (told.type === "room.occupied") {
              expect([occupied, known.size]).toEqual([false, 0]);
              occupied = true;
            } else if (told.type === "room.vacated") {
              expect([occupied, known.size]).toEqual([true, 0]);
              occupied = false;
            } else if ("member" in told) {
              expect(occupied).toBe(true);
              const { id, status } = told.member;
              expect(known.has(id)).toBe(told.type !== "member.online");
              if (told.type === "member.updated") expect(known.get(id)).not.toBe(status);
              if (told.type === "member.offline") known.delete(id);
              else known.set(id, status);
            }
          }
          expect(occupied).toBe(present.length > 0);
          expect([...known].toSorted()).toEqual(
            present.map(({ id, status }) => [id, status]).toSorted(),
          );
        }
      }),
    );
  });
});

/** The steps of an outbox: events come, messages are tried, time passes, the room restarts. */
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("append"), count: fc.integer({ min: 1, max: 130 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send") }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("answer"),
      ok: fc.boolean(),
      random: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      ms: fc.integer({ min: 1, max: 10 * HOUR_MS }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("epoch") }) },
) as fc.Arbitrary<
  | { do: "append"; count: number }
  | { do: "answer"; ok: boolean; random: number }
  | { do: "pass"; ms: number }
  | { do: "send" | "restart" | "epoch" }
>;

/** Runs a history on an outbox in real storage, and checks what was sent at each step. */
function runHistory(storage: DurableObjectStorage, actions: readonly { do: string }[]): void {
  storage.sql.exec("DROP TABLE IF EXISTS outbox");
  let outbox = new Outbox(storage);
  let now = 1_000_000;
  let epoch = 1;
  let written = 0;
  let inFlight: Message | null = null;
  let dead = 0;
  /** The id of each message that was sent, and its body. */
  const sent = new Map<string, string>();
  /** The place of the last event that was taken, in all that were written. */
  let taken = 0;
  const places = new Map<string, number>();
  const sequences = new Map<number, number>();
  const gone = (what: { messages: number } | null) => void (dead += what?.messages ?? 0);

  function take(message: Message): void {
    for (const { data } of (JSON.parse(message.body) as WebhookMessage).events) {
      const place = places.get(`${data.epoch} ${data.sequence}`)!;
      // In order, and a gap only where something is dead.
      if (place > taken + 1) expect(dead).toBeGreaterThan(0);
      expect(place).toBeGreaterThan(taken);
      taken = place;
    }
  }

  for (const step of actions as readonly (typeof action extends fc.Arbitrary<infer A>
    ? A
    : never)[]) {
    switch (step.do) {
      case "append": {
        const told: EventContent[] = [];
        for (let n = 0; n < step.count; n++) {
          told.push({ type: "member.updated", member: member(`m${++written}`, "busy") });
          const sequence = (sequences.get(epoch) ?? 0) + 1;
          sequences.set(epoch, sequence);
          places.set(`${epoch} ${sequence}`, written);
        }
        gone(outbox.append(told, { room: "r", epoch: String(epoch), version: written }, now));
        break;
      }
      case "send":
        inFlight ??= outbox.take(now);
        if (inFlight) {
          expect(sent.get(inFlight.id) ?? inFlight.body).toBe(inFlight.body);
          sent.set(inFlight.id, inFlight.body);
        }
        break;
      case "answer":
        if (inFlight === null) break;
        if (step.ok) {
          take(inFlight);
          outbox.settle(inFlight);
        } else gone(outbox.fail(inFlight, now, step.random));
        inFlight = null;
        break;
      case "pass":
        now += step.ms;
        break;
      case "restart":
        inFlight = null;
        outbox = new Outbox(storage);
        break;
      case "epoch":
        epoch++;
        break;
      default:
        step satisfies never;
    }
    expect(outbox.isEmpty).toBe(outbox.stats().messages === 0);
    expect(outbox.dueAt === Number.POSITIVE_INFINITY).toBe(outbox.isEmpty);
  }
  // In the end the receiver accepts everything that is not dead.
  now += HOUR_MS;
  if (inFlight) gone(outbox.fail(inFlight, now, 0));
  for (let message = outbox.take(now); message; message = outbox.take(now)) {
    take(message);
    outbox.settle(message);
  }
  expect(outbox.isEmpty).toBe(true);
  if (dead === 0) expect(taken).toBe(written);
}

describe("the outbox", () => {
  it("[H3.3, H4.3, H6.1] sends all events in order, a message the same at each try, over any failures and restarts", async () => {
    expect.hasAssertions();
    await runInDurableObject(env.ROOMS.getByName("outbox-property"), (_room, { storage }) => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) =>
          runHistory(storage, actions),
        ),
        {
          numRuns: runs(50),
        },
      );
    });
  });

  it("[H6.2] keeps a thousand messages, and lets the oldest go", async () => {
    await runInDurableObject(env.ROOMS.getByName("outbox-full"), (_room, { storage }) => {
      const outbox = new Outbox(storage);
      const place = { room: "r", epoch: "e", version: 1 };
      const told: EventContent[] = Array.from({ length: 100 }, () => ({ type: "room.occupied" }));
      for (let n = 0; n < 1_000; n++) expect(outbox.append(told, place, n)).toBeNull();
      const first = outbox.take(1_000)!;
      expect(outbox.fail(first, 1_000, 0.5)).toBeNull();
      const { dueAt } = outbox;
      expect(outbox.append(told, place, 1_000)).toEqual({ messages: 1, last: 100 });
      expect(outbox.stats()).toEqual({ messages: 1_000, events: 100_000, oldestAt: 1 });
      // Its wait is the next one's: a receiver that is down is not tried at each drop.
      expect(outbox.dueAt).toBe(dueAt);
      expect(outbox.take(dueAt)).toMatchObject({ id: "msg_e_101", failures: 1 });
    });
  });

  it("[H3.2] writes one row a commit and one a delivery", async () => {
    await runInDurableObject(env.ROOMS.getByName("outbox-rows"), (_room, { storage }) => {
      let rows = 0;
      const exec = (...query: Parameters<SqlStorage["exec"]>) => {
        const cursor = storage.sql.exec(...query);
        const found = cursor.toArray();
        rows += cursor.rowsWritten;
        return Object.assign(found, { one: () => found[0] });
      };
      const outbox = new Outbox({ sql: { exec } } as unknown as DurableObjectStorage);
      const place = { room: "r", epoch: "e", version: 1 };
      const cost = (act: () => unknown) => {
        rows = 0;
        act();
        return rows;
      };
      const append = () => outbox.append([{ type: "room.occupied" }], place, 0);
      append();
      outbox.settle(outbox.take(0)!);
      expect(cost(append)).toBe(1);
      expect(cost(append)).toBe(1);
      const message = outbox.take(0)!;
      expect(cost(append)).toBe(1);
      expect(cost(() => outbox.fail(message, 0, 0))).toBe(1);
      expect(cost(() => outbox.settle(outbox.take(0)!))).toBe(1);
      expect(cost(() => outbox.settle(outbox.take(0)!))).toBe(1);
    });
  });
});
