import { expect, it } from "vitest";
import { FirstStates } from "../../../src/server/large/first-states.ts";
import { Inbox, Stream } from "../../../src/server/large/stream.ts";

const NEVER = Number.POSITIVE_INFINITY;

it("[N3.3] a message begins at once after a quiet time, and then every 250 ms at most, one at a time", () => {
  const stream = new Stream("sender", () => []);
  expect([stream.dueAt(1_000), stream.isSettled]).toEqual([NEVER, true]);
  stream.note("ada");
  expect(stream.dueAt(1_000)).toBeLessThanOrEqual(1_000);
  stream.begin(1_000);
  expect([stream.dueAt(9_000), stream.isSettled]).toEqual([NEVER, false]);
  stream.note("bob");
  expect([stream.dueAt(9_000), stream.isSettled]).toEqual([NEVER, false]);
  stream.settle("taken");
  expect([stream.dueAt(1_000), stream.isSettled]).toEqual([1_250, false]);
  // The clock is set back.
  expect(stream.dueAt(500)).toBe(500);
  expect(stream.begin(1_250).ids).toEqual(["bob"]);
  stream.settle("taken");
  expect([stream.dueAt(1_250), stream.isSettled]).toEqual([NEVER, true]);
});

it("[N3.3] a message that failed is covered after 1, 2 and then every 4 s, by what it had and nothing else", () => {
  const stream = new Stream("sender", () => ["ada", "bob", "cleo"]);
  stream.trigger();
  expect(stream.begin(0).envelope.whole).toBe(true);
  stream.fail();
  expect(stream.begin(1_000)).toMatchObject({
    envelope: { whole: true, number: 2 },
    ids: ["ada", "bob", "cleo"],
  });
  stream.settle("taken");
  stream.note("bob");
  const waits: number[] = [];
  let now = 1_250;
  for (let failure = 0; failure < 5; failure++) {
    const number = failure + 3;
    expect(stream.begin(now)).toEqual({
      envelope: { from: "sender", after: 2, number },
      ids: ["bob"],
    });
    stream.fail();
    const dueAt = stream.dueAt(now);
    waits.push(dueAt - now);
    expect(stream.dueAt(now - 3_600_000)).toBe(now - 3_600_000);
    now = dueAt;
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
  expect(stream.begin(now).ids).toEqual(["bob"]);
  stream.settle("taken");
  stream.note("ada");
  expect(stream.dueAt(now)).toBe(now + 250);
});

it("[N3.1, N4.2] the parts of everything follow at once, and nobody counts as sent before the last", () => {
  const ids = Array.from({ length: 8_001 }, (_, at) => `user-${at}`);
  const stream = new Stream("sender", () => ids);
  expect(stream.hasPending("user-0")).toBe(true);
  stream.trigger();
  for (const length of [4_000, 4_000, 2]) {
    const { envelope, ids } = stream.begin(0);
    const isLast = length === 2;
    expect([envelope.more ?? false, ids.length]).toEqual([!isLast, length]);
    if (isLast) expect(ids).toEqual(["user-8000", "user-7"]);
    stream.settle("taken");
    // It was sent already.
    if (!isLast) stream.note("user-7");
    expect([stream.hasPending("user-0"), stream.dueAt(0)]).toEqual([!isLast, isLast ? NEVER : 0]);
  }
  stream.note("user-0");
  expect([stream.hasPending("user-0"), stream.hasPending("user-1")]).toEqual([true, false]);
  stream.begin(250);
  stream.settle("gap");
  expect([stream.hasPending("user-1"), stream.dueAt(250)]).toEqual([true, 500]);
  expect(stream.begin(500).envelope).toMatchObject({ whole: true, more: true });
  // A part that was lost: everything begins again.
  stream.fail();
  expect(stream.dueAt(500)).toBe(1_500);
  expect(stream.begin(1_500).envelope).toMatchObject({ whole: true, more: true });
});

it("[N3.1, N4.4] more changes than fit into one message go in parts too, and what was not taken is sent again", () => {
  const stream = new Stream("sender", () => []);
  stream.trigger();
  stream.begin(0);
  stream.settle("taken");
  for (let at = 0; at < 8_001; at++) stream.note(`user-${at}`);
  for (const length of [4_000, 4_000]) {
    const { envelope, ids } = stream.begin(250);
    expect([envelope.whole, envelope.more, ids.length]).toEqual([undefined, true, length]);
    expect(stream.hasPending("user-8000")).toBe(true);
    if (ids.includes("user-0")) stream.settle("taken");
  }
  stream.fail();
  expect(stream.dueAt(250)).toBe(1_250);
  const { envelope, ids } = stream.begin(1_250);
  expect(envelope).toEqual({ from: "sender", after: 2, number: 4, more: true });
  expect(ids).toHaveLength(4_000);
  stream.settle("taken");
  expect(stream.begin(1_250).ids).toHaveLength(1);
  stream.settle("taken");
  expect(stream.isSettled).toBe(true);
});

it("[N4.1, N4.2] a message is taken if it follows what was taken before, or has everything", () => {
  const inbox = new Inbox();
  const judge = (from: string, after: number, number: number, whole?: true) =>
    inbox.judge({ from, after, number, ...(whole && { whole }) });
  expect(inbox.last).toBeNull();
  expect(judge("ada", 0, 1)).toBe("gap");
  expect(judge("ada", 0, 1, true)).toBe("take");
  expect(inbox.last).toEqual({ from: "ada", number: 1 });
  // The third has what the second had.
  expect(judge("ada", 1, 3)).toBe("take");
  expect([judge("ada", 1, 2), judge("ada", 0, 1, true)]).toEqual(["old", "old"]);
  expect(judge("ada", 4, 5)).toBe("gap");
  expect(judge("bob", 3, 4)).toBe("gap");
  expect(inbox.last).toEqual({ from: "ada", number: 3 });
  expect(judge("bob", 0, 1, true)).toBe("take");
  expect(judge("ada", 3, 4)).toBe("gap");
  inbox.clear();
  expect([inbox.last, judge("bob", 1, 2)]).toEqual([null, "gap"]);
});

it("[N3.2] a first state waits until the list includes its user, for 5 s at most; watchers do not wait", () => {
  const included = new Set<string>();
  const states = new FirstStates<{ user: string | undefined; isWatcher: boolean }>((user) =>
    included.has(user),
  );
  const [ada, bob, cleo] = ["ada", "bob", "cleo"].map((user) => ({ user, isWatcher: false }));
  const watcher = { user: "eve", isWatcher: true };
  const nobody = { user: undefined, isWatcher: false };
  const since = { epoch: "epoch", version: 7 };
  states.hold(ada!, since);
  states.hold(watcher, null);
  states.hold(nobody, null);
  expect([states.hasWaiting, states.has(ada!), states.has(bob!)]).toEqual([true, true, false]);
  expect(states.take(1_000)).toEqual([
    [watcher, null],
    [nobody, null],
  ]);
  expect(states.hasWaiting).toBe(true);
  states.hold(bob!, null);
  expect([states.take(2_000), states.dueAt]).toEqual([[], 6_000]);
  included.add("bob");
  states.look();
  expect(states.take(2_100)).toEqual([[bob, null]]);
  states.hold(cleo!, null);
  expect(states.take(3_000)).toEqual([]);
  expect([states.take(5_999), states.dueAt]).toEqual([[], 6_000]);
  expect([states.take(6_000), states.dueAt]).toEqual([[[ada, since]], 8_000]);
  // The clock is set back.
  states.look();
  expect([states.take(2_999), states.dueAt, states.hasWaiting]).toEqual([
    [[cleo, null]],
    NEVER,
    false,
  ]);
  states.hold(ada!, since);
  expect([states.take(9_000), states.dueAt]).toEqual([[], 14_000]);
  states.forget(ada!);
  expect([states.dueAt, states.has(ada!), states.take(9_000)]).toEqual([NEVER, false, []]);
});
