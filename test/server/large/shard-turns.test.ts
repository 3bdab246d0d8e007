import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { Config } from "../../../src/server/config/config.ts";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Report, ListUpdate } from "../../../src/server/large/messages.ts";
import { objectName } from "../../../src/server/large/shard.ts";
import { RoomState } from "../../../src/server/room/room-state.ts";
import { TurnEnd } from "../../../src/server/room/turn-end.ts";
import { withStorage } from "../room/model-storage.ts";

const GATHER_MS = 50;

/** A shard of a large room with a copy of the list, and the reports that its hub gets. */
function openShard(storage: DurableObjectStorage) {
  void storage.deleteAll();
  const reports: Report[] = [];
  const left: string[] = [];
  const hub = {
    report: async (report: Report) => {
      reports.push(report);
      return { receipt: "taken", generations: [4] };
    },
  };
  const user = { left: async (room: string) => void left.push(room) };
  const config = {
    ...parseConfig(env),
    hubs: { getByName: () => hub },
    users: { getByName: () => user },
  } as unknown as Config;
  const room = new RoomState({
    name: objectName("large-turns", { of: 4, index: 1 }),
    config,
    storage: {
      sql: storage.sql,
      deleteAll: () => storage.deleteAll(),
      setAlarm: async () => {},
    } as unknown as DurableObjectStorage,
    pingedAt: () => new Date(),
  });
  const turnEnd = new TurnEnd(room);
  const link = room.link!;
  const turn = (act: (now: number) => void, durable = true): number => {
    const now = Date.now();
    act(now);
    const nextAt = turnEnd.run(now, durable);
    for (const task of room.tasks.splice(0)) {
      void task((run) => {
        let result: ReturnType<typeof run> | undefined;
        turn((at) => void (result = run(at)), false);
        return result;
      });
    }
    return nextAt - now;
  };
  let updates = 0;
  /** Tells the shard a list that includes its last report. */
  const tell = (generations: number[]) => {
    const { from, number } = reports.at(-1) ?? { from: "", number: 0 };
    const update: ListUpdate = {
      from: "hub",
      number: ++updates,
      after: updates - 1,
      ...(updates === 1 && { whole: true }),
      state: { epoch: "one", version: updates },
      set: [],
      gone: [],
      watching: 0,
      included: { from, number },
      generations,
    };
    turn((now) => expect(link.take(update, now)).toBeInstanceOf(Set));
  };
  const session = { user: { id: "ada" }, roles: [], issuedAt: 0, expiresAt: 1e15 };
  const hold = (stamp: number) =>
    turn((now) => {
      const leasedUntil = now + 30_000;
      const admitted = { ...session, admission: { stamp, at: now } };
      room.roster.join(now, admitted, `lease-${stamp}`, { leasedUntil });
    });
  return { room, link, turn, tell, hold, reports, left };
}

/** Runs a test with a shard. */
function inShard(test: (shard: ReturnType<typeof openShard>) => Promise<void>): Promise<void> {
  return withStorage(async (storage) => {
    await test(openShard(storage));
    vi.clearAllTimers();
  });
}

/** Lets everything happen that waits for no time. */
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

it("[N3.2] a lease is answered as soon as the list includes its holder", () =>
  inShard(async ({ link, turn, tell, hold, reports }) => {
    hold(1);
    let isAnswered = false;
    const answer = link.whenIncluded("ada", () => turn(() => {})).then(() => (isAnswered = true));
    await settle();
    expect([reports.length, isAnswered]).toEqual([1, false]);
    tell([4]);
    await settle();
    expect(isAnswered).toBe(true);
    await answer;
  }));

it("[N3.2, V2.1] nobody is shown anything before what came earlier is stored, however late it is", () =>
  inShard(async ({ room, link, turn, tell, hold }) => {
    const set = (n: number) => (now: number) =>
      void room.roster.update(now, "ada", { data: { n } });
    hold(1);
    void link.whenIncluded("ada", () => {});
    await settle();
    tell([4]);
    turn(set(1));
    const from = Date.now();
    let isAnswered = false;
    void link.whenIncluded("ada", () => turn(() => {})).then(() => (isAnswered = true));
    // The clock alone: nothing else is late.
    vi.setSystemTime(from + 4_990);
    turn(set(2), false);
    turn(set(3), false);
    expect(room.isChanged).toBe(true);
    vi.setSystemTime(from + 5_000);
    expect(turn(() => {}, false)).toBe(GATHER_MS - 10);
    await settle();
    expect(isAnswered).toBe(false);
    vi.setSystemTime(from + 5_040);
    turn(() => {}, false);
    await settle();
    expect(isAnswered).toBe(true);
  }));

it.each([
  ["no other number of shards is in use", [4], ["large-turns"]],
  ["there is another number, in whose shards they may be", [4, 8], []],
])("[N6.1, B4.2] who leaves a shard is reported if %s", (_how, generations, told) =>
  inShard(async ({ room, link, turn, tell, hold, left }) => {
    hold(1);
    void link.whenIncluded("ada", () => {});
    await settle();
    tell(generations);
    turn((now) => room.roster.end(now, { user: "ada", connection: "lease-1" }, now));
    await settle();
    expect(left).toEqual(told);
  }),
);
