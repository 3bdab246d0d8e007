import { beforeEach, describe, expect, it } from "vitest";
import type { Member } from "../../../src/protocol/messages.ts";
import { HubState, type HubAction } from "../../../src/server/large/hub-state.ts";
import type { Report, SentMember } from "../../../src/server/large/messages.ts";
import { shardOfUser } from "../../../src/server/large/shard.ts";

const STALE_MS = 45_000;
const NEVER = Number.POSITIVE_INFINITY;
/** A user of each of two shards. */
const [ADA, BOB] = [0, 1].map((index) => {
  for (let at = 0; ; at++) if (shardOfUser(`user-${at}`, 2).index === index) return `user-${at}`;
}) as [string, string];

const sent = (id: string, connections = 1): SentMember => {
  const status = connections > 0 ? "online" : "offline";
  return [id, JSON.stringify({ id, name: id, status, connections, lastOnline: null }), connections];
};

let numbers: number[];
beforeEach(() => void (numbers = [0, 0]));

/** The next report of one of two shards; the first has everything. */
function reportOf(index: number, rest: Partial<Report> = {}): Report {
  const after = numbers[index]!++;
  return {
    shard: { of: 2, index },
    from: `shard-${index}`,
    after,
    number: after + 1,
    ...(after === 0 && { whole: true }),
    set: [],
    gone: [],
    watching: 0,
    listens: true,
    holds: null,
    isEmpty: false,
    ...rest,
  };
}

/** What a hub does, in short. */
const namesOf = (actions: readonly HubAction[]) =>
  actions.map((action) => `${action.do} ${action.to.key}`);

/** Has everything that is due done at once, and returns it. */
function run(hub: HubState, now: number): HubAction[] {
  const actions = hub.take(now);
  for (const action of actions) {
    if (action.do === "tell") hub.told(action.to, "taken", now);
    if (action.do === "ask") hub.asked(action.to, true, now);
  }
  return actions;
}

const stateOf = (hub: HubState, id: string) => {
  const text = hub.list.member(id);
  if (text === undefined) return null;
  const { status, lastOnline } = JSON.parse(text) as Member;
  return { status, lastOnline };
};

describe("a hub that starts again", () => {
  it("[N4.1] has all shards speak, and tells nobody anything before all have, or 5 s are over", () => {
    const hub = new HubState(STALE_MS, [2], 0);
    expect(namesOf(run(hub, 0))).toEqual(["ask 2/0", "ask 2/1"]);
    hub.report(reportOf(0, { set: [sent(ADA)] }), 100);
    expect([hub.isReady(4_999), hub.dueAt(100), namesOf(run(hub, 100))]).toEqual([
      false,
      1_000,
      [],
    ]);
    hub.report(reportOf(1, { set: [sent(BOB)] }), 200);
    expect([hub.isReady(200), namesOf(run(hub, 200))]).toEqual([true, ["tell 2/0", "tell 2/1"]]);
    expect(hub.shards.isCertain).toBe(true);
  });

  it("[N4.1] takes the members of a shard that does not speak from the copy of one that has", () => {
    const hub = new HubState(STALE_MS, [2], 0);
    run(hub, 0);
    hub.report(reportOf(0, { set: [sent(ADA)] }), 100);
    const [recall, ...others] = hub.take(5_000);
    expect(recall).toMatchObject({ do: "recall", missing: ["2/1"] });
    expect([recall!.to.key, others.map((action) => action.do)]).toEqual(["2/0", ["ask"]]);
    expect([hub.isReady(5_000), hub.take(5_001).map((action) => action.do)]).toEqual([false, []]);
    // What the copy says of those who have spoken is older.
    hub.recalled([sent(BOB), sent(ADA, 3)], 5_100);
    expect([hub.isReady(5_100), hub.shards.isCertain]).toEqual([true, false]);
    expect([hub.list.online, hub.list.connections]).toEqual([2, 2]);
    expect(namesOf(hub.take(5_100))).toEqual(["tell 2/0"]);
    hub.report(reportOf(1, { set: [sent(BOB, 2)] }), 6_000);
    expect([hub.list.connections, hub.shards.isCertain]).toEqual([3, true]);
  });

  it("[N4.1] shows those who have spoken, if nobody has a copy", () => {
    const hub = new HubState(STALE_MS, [2], 0);
    hub.take(0);
    expect(hub.isReady(4_999)).toBe(false);
    expect([hub.dueAt(0), hub.isReady(5_000)]).toEqual([5_000, true]);
    const first = new HubState(STALE_MS, [], 0);
    expect(first.isReady(0)).toBe(true);
  });
});

describe("a shard that is silent", () => {
  /** A hub that has two shards with one member each, and has told them. */
  function start(): HubState {
    const hub = new HubState(STALE_MS, [], 0);
    hub.report(reportOf(0, { set: [sent(ADA)] }), 0);
    hub.report(reportOf(1, { set: [sent(BOB)] }), 0);
    run(hub, 0);
    return hub;
  }

  it("[N4.3, N3.3] is asked after four ninths of STALE_SECONDS if anything happens, and not woken before", () => {
    const hub = start();
    expect(hub.dueAt(250)).toBe(NEVER);
    expect(namesOf(run(hub, 19_999))).toEqual([]);
    expect(namesOf(run(hub, 20_000))).toEqual(["ask 2/0", "ask 2/1"]);
    expect([hub.dueAt(20_000), namesOf(run(hub, 39_999))]).toEqual([NEVER, []]);
  });

  it("[N4.3] is asked again, and after STALE_SECONDS its members appear offline, until it reports", () => {
    const hub = start();
    let now = 20_000;
    const waits: number[] = [];
    for (;;) {
      const [ask] = hub.take(now).filter((action) => action.to.key === "2/1");
      if (stateOf(hub, BOB)!.status === "offline") break;
      if (ask) {
        expect(ask).toEqual({ do: "ask", to: ask.to, asked: { from: "shard-1", number: 1 } });
        hub.asked(ask.to, false, now);
      }
      hub.report(reportOf(0), now);
      const next = hub.dueAt(now);
      waits.push(next - now);
      now = next;
    }
    expect([now, waits.slice(0, 5)]).toEqual([45_000, [1_000, 2_000, 4_000, 4_000, 4_000]]);
    expect(stateOf(hub, BOB)).toEqual({
      status: "offline",
      lastOnline: "1970-01-01T00:00:00.000Z",
    });
    expect([hub.list.online, hub.watching, hub.shards.isCertain]).toEqual([1, 0, true]);
    expect(stateOf(hub, ADA)!.status).toBe("online");
    // It is asked every 4 s, and told nothing.
    const asked: number[] = [];
    for (now = 45_001; asked.length < 3; now += 250) {
      for (const action of hub.take(now)) {
        if (action.do === "tell") hub.told(action.to, "taken", now);
        if (action.to.key !== "2/1") continue;
        expect(action).toMatchObject({ do: "ask", asked: null });
        asked.push(now);
        hub.asked(action.to, false, now);
      }
      hub.report(reportOf(0), now);
    }
    expect(asked.map((at, index) => at - (asked[index - 1] ?? at))).toEqual([0, 4_000, 4_000]);
    // What follows its last report is not everything.
    expect(hub.report(reportOf(1), now).receipt).toBe("gap");
    numbers[1] = 0;
    hub.report(reportOf(1, { from: "shard-1 again", set: [sent(BOB)] }), now);
    expect(stateOf(hub, BOB)).toEqual({ status: "online", lastOnline: null });
  });

  it("[N4.3] is asked before it counts as silent, by a hub that slept", () => {
    const hub = start();
    const now = 10_000_000;
    const actions = hub.take(now);
    expect(namesOf(actions)).toEqual(["ask 2/0", "ask 2/1"]);
    for (const { to } of actions) hub.asked(to, false, now + 100);
    expect(namesOf(hub.take(now + 24_999)).filter((name) => name.startsWith("tell"))).toEqual([]);
    expect(hub.list.online).toBe(2);
    hub.take(now + 25_000);
    expect(hub.list.online).toBe(0);
  });

  it("[N4.3] is asked when an update is not answered", () => {
    const hub = start();
    hub.report(reportOf(0, { set: [sent(ADA, 2)] }), 1_000);
    for (const action of hub.take(1_000)) {
      hub.told(action.to, action.to.key === "2/1" ? "failed" : "taken", 1_000);
    }
    expect(namesOf(run(hub, 1_000))).toEqual(["ask 2/1"]);
    expect(namesOf(run(hub, 2_000))).toEqual(["tell 2/1"]);
  });
});

describe("what a hub tells", () => {
  it("[N3.2] a report is told of to its shard, though nobody sees a change", () => {
    const hub = new HubState(STALE_MS, [], 0);
    hub.report(reportOf(0, { set: [sent(ADA)] }), 0);
    hub.report(reportOf(1), 0);
    run(hub, 0);
    expect(hub.dueAt(0)).toBe(NEVER);
    const { state } = hub.list;
    hub.report(reportOf(0, { set: [sent(ADA)] }), 1_000);
    const [told, ...others] = hub.take(1_000);
    expect(others).toEqual([]);
    expect(told).toMatchObject({
      do: "tell",
      update: { state, included: { from: "shard-0", number: 2 } },
    });
    expect(told!.to.key).toBe("2/0");
  });

  it("[N1.2, S2.1] the number of watchers is told every 5 s at most, to whoever was told another", () => {
    const hub = new HubState(STALE_MS, [], 0);
    hub.report(reportOf(0, { watching: 1 }), 0);
    hub.report(reportOf(1, { watching: 1 }), 0);
    run(hub, 0);
    expect(hub.watching).toBe(2);
    hub.report(reportOf(1, { watching: 4 }), 1_000);
    const tellings = (now: number) =>
      run(hub, now).flatMap((action) => (action.do === "tell" ? [action.update.watching] : []));
    expect([hub.dueAt(1_000), tellings(4_999), tellings(5_000)]).toEqual([5_000, [], [5, 5]]);
    hub.report(reportOf(0, { watching: 0 }), 5_100);
    hub.report(reportOf(0, { watching: 1 }), 5_200);
    expect(hub.dueAt(5_200)).toBe(NEVER);
    hub.report(reportOf(0, { watching: 0, listens: false }), 20_000);
    expect(tellings(20_000)).toEqual([4]);
  });

  it("[N3.1] one who does not want to be told is told nothing until they listen again", () => {
    const hub = new HubState(STALE_MS, [], 0);
    hub.report(reportOf(0), 0);
    hub.report(reportOf(1), 0);
    const tells = hub.take(0);
    expect(namesOf(tells)).toEqual(["tell 2/0", "tell 2/1"]);
    for (const { to } of tells) hub.told(to, to.key === "2/0" ? "unwanted" : "taken", 0);
    hub.report(reportOf(1, { set: [sent(BOB)] }), 1_000);
    expect(namesOf(run(hub, 1_000))).toEqual(["tell 2/1"]);
    hub.report(reportOf(0), 2_000);
    expect(hub.take(2_000)).toMatchObject([{ do: "tell", update: { whole: true } }]);
  });

  it("[N6.1, N3.4] a number of shards is in use until all of them have reported that they keep nobody", () => {
    const hub = new HubState(STALE_MS, [3], 0);
    hub.report(reportOf(0, { isEmpty: true }), 0);
    expect([hub.generations, hub.shards.hasUnsavedGenerations]).toEqual([[3], false]);
    expect(hub.report(reportOf(1, { set: [sent(BOB)] }), 0).generations).toEqual([3, 2]);
    expect(hub.shards.hasUnsavedGenerations).toBe(true);
    for (let index = 0; index < 3; index++) {
      expect(hub.generations).toEqual([3, 2]);
      numbers[0] = 0;
      hub.shards.hasUnsavedGenerations = false;
      const shard = { of: 3, index };
      hub.report(reportOf(0, { shard, from: `old-${index}`, isEmpty: true }), 100);
    }
    expect([hub.generations, hub.shards.hasUnsavedGenerations]).toEqual([[2], true]);
    hub.report(reportOf(1, { gone: [BOB], isEmpty: true }), 200);
    expect(hub.generations).toEqual([]);
  });
});
