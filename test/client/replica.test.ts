import { describe, expect, it } from "vitest";
import { backoffMs } from "../../src/client/backoff.ts";
import { applyDelta, applySnapshot } from "../../src/client/replica.ts";
import type { Delta, Member, Snapshot } from "../../src/protocol/messages.ts";

const member = (id: string, changes: Partial<Member> = {}): Member => ({
  id,
  name: id,
  status: "online",
  connections: 1,
  lastOnline: null,
  ...changes,
});

const snapshot = (version: number, members: Member[]): Snapshot => ({
  type: "snapshot",
  room: "lobby",
  epoch: "e",
  version,
  online: members.length,
  connections: members.length,
  members,
});

const delta = (from: number, changes: Partial<Delta>): Delta => ({
  type: "delta",
  epoch: "e",
  from,
  version: from + 1,
  online: 0,
  connections: 0,
  set: [],
  gone: [],
  ...changes,
});

describe("what a client holds", () => {
  it("[W5] a delta applies to exactly the version and epoch it starts from", () => {
    const held = applySnapshot(null, snapshot(3, [member("ada")]));
    expect(applyDelta(held, delta(2, {}))).toBeNull();
    expect(applyDelta(held, delta(4, {}))).toBeNull();
    expect(applyDelta(held, delta(3, { epoch: "other" }))).toBeNull();
    expect(applyDelta(null, delta(0, {}))).toBeNull();
    expect(applyDelta(held, delta(3, {}))?.version).toBe(4);
  });

  it("[W5, R3] sets whole members, drops who is gone, and stays ordered by id in code units", () => {
    const held = applySnapshot(null, snapshot(3, [member("a"), member("b")]));
    const set = [member("é"), member("Z"), member("b", { status: "busy" })];
    const next = applyDelta(held, delta(3, { set, gone: ["a"], online: 3, connections: 3 }));
    expect(next?.members.map(({ id, status }) => [id, status])).toEqual([
      ["Z", "online"],
      ["b", "busy"],
      ["é", "online"],
    ]);
    expect([next?.online, next?.connections]).toEqual([3, 3]);
    expect(held.members.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("keeps a member that did not change as the same object", () => {
    const held = applySnapshot(null, snapshot(3, [member("a"), member("b")]));
    const next = applyDelta(held, delta(3, { set: [member("b", { status: "away" })] }));
    expect(next?.members[0]).toBe(held.members[0]);
    const again = applySnapshot(held, snapshot(9, [member("a"), member("b", { name: "B" })]));
    expect(again.members[0]).toBe(held.members[0]);
    expect(again.members[1]).not.toBe(held.members[1]);
  });
});

describe("backoff", () => {
  it("doubles its span up to 30 s, with full jitter", () => {
    expect(backoffMs(0, 0)).toBe(0);
    expect(backoffMs(0, 0.5)).toBe(500);
    expect(backoffMs(3, 0.5)).toBe(4_000);
    expect(backoffMs(100, 0.999)).toBeLessThan(30_000);
  });
});
