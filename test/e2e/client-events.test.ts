import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Member, RoomHandle } from "../../src/client/index.ts";
import { applyDelta, applySnapshot, type Replica } from "../../src/client/replica.ts";
import type { Emitted } from "../../src/client/events.ts";
import {
  ada,
  bob,
  enter,
  entered,
  initial,
  last,
  member,
  setUpFakes,
  soon,
} from "./fake-client.ts";
import { runs } from "../property-cases.ts";

setUpFakes();

/** All events of a handle's `on`, as `join bob` or `change bob online>busy`. */
function listen(room: RoomHandle): string[] {
  const told: string[] = [];
  room.on("join", ({ id }) => told.push(`join ${id}`));
  room.on("leave", ({ id }) => told.push(`leave ${id}`));
  room.on("change", (now, before) => told.push(`change ${now.id} ${before.status}>${now.status}`));
  room.on("event", ({ id, name, data }) =>
    told.push(`event ${id} ${name} ${JSON.stringify(data)}`),
  );
  return told;
}

let version = 1;
function change(set: Member[], gone: string[] = []): void {
  const from = version++;
  const counts = { online: 2, connections: 2 };
  last().tell({ type: "delta", epoch: "e", from, version, ...counts, set, gone });
}

async function enteredAt1(): Promise<RoomHandle> {
  version = 1;
  return entered();
}

describe("room.on", () => {
  it("[K15.1, K15.2] tells who came, left and changed, a member at a time, and nobody who was there", async () => {
    const handle = enter();
    const told = listen(handle);
    version = 1;
    await soon();
    last().welcome(ada, bob);
    expect(told).toEqual([]);

    change([member("cid"), member("dan", { status: "offline", connections: 0 })]);
    change([member("bob", { status: "busy" })]);
    change([member("bob", { status: "offline", connections: 0 })]);
    change([member("bob", { status: "offline", connections: 0, name: "Bob" })]);
    change([member("dan", { status: "away" }), member("eve")], ["bob", "cid"]);
    expect(told).toEqual([
      "join cid",
      "change bob online>busy",
      "leave bob",
      "change bob offline>offline",
      "leave cid",
      "join dan",
      "join eve",
    ]);
  });

  it("[K15.1] tells when `getSnapshot` has it, and gives the member as last shown who is gone", async () => {
    const handle = await enteredAt1();
    const seen: unknown[] = [];
    handle.on("leave", (bob) => seen.push(bob, handle.getSnapshot().members));
    change([], ["bob"]);
    expect(seen).toEqual([bob, [ada]]);
    expect(handle.getSnapshot().members).toEqual([ada]);
  });

  it("[K15.2] tells nothing of a reconnect that shows the same people, and what happened meanwhile else", async () => {
    const handle = await enteredAt1();
    const told = listen(handle);
    last().end(1006, "");
    await soon();
    last().welcome({ ...ada }, { ...bob });
    expect(told).toEqual([]);
    last().end(1006, "");
    await soon();
    last().welcome(ada, member("cid"));
    expect(told).toEqual(["leave bob", "join cid"]);
  });

  it("[K15.2, K2] tells what changed since the snapshot that it began with", async () => {
    const handle = enter({ initial });
    const told = listen(handle);
    await soon();
    last().welcome(ada, member("cid"));
    expect(told).toEqual(["leave bob", "join cid"]);
  });

  it("[K15.3, B1.1] gives the backend's events, and to each handle its own listeners", async () => {
    const first = await enteredAt1();
    const second = enter();
    await soon();
    const told = listen(first);
    const stop = second.on("event", ({ name }) => told.push(`second ${name}`));
    last().tell({ type: "event", id: "e.1", name: "doc.saved", data: { by: "bob" } });
    expect(told).toEqual(['event e.1 doc.saved {"by":"bob"}', "second doc.saved"]);
    stop();
    stop();
    first.leave();
    last().tell({ type: "event", id: "e.2", name: "doc.saved", data: null });
    expect(told).toHaveLength(2);
    expect(first.getSnapshot().connection).toBe("closed");
  });

  it("[K15.2, K3] goes on after `leave()` and `join()`, with nobody told who was there", async () => {
    const handle = await enteredAt1();
    const told = listen(handle);
    handle.leave();
    await soon();
    handle.join();
    await soon();
    last().welcome(ada, bob, member("cid"));
    expect(told).toEqual([]);
    version = 1;
    change([], ["cid"]);
    expect(told).toEqual(["leave cid"]);
  });

  it("[K15.1] what it tells, applied to the list before, gives who is there after, whatever came", () => {
    const status = fc.constantFrom<Member["status"]>("online", "busy", "offline");
    const people = fc
      .uniqueArray(fc.record({ id: fc.constantFrom(..."aZé😀z"), status }), {
        selector: ({ id }) => id,
      })
      .map((list) =>
        list
          .map(({ id, status }) => member(id, { status }))
          .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
    const here = (members: readonly Member[]) =>
      new Map(members.flatMap((one) => (one.status === "offline" ? [] : [[one.id, one] as const])));
    fc.assert(
      fc.property(people, people, fc.boolean(), (before, after, bySnapshot) => {
        const counts = { online: 0, connections: 0 };
        const snapshot = { type: "snapshot", room: "r", epoch: "e", ...counts } as const;
        const held = applySnapshot(null, { ...snapshot, version: 1, members: before });
        const told: Emitted[] = [];
        const gone = before.map(({ id }) => id).filter((id) => !after.some((one) => one.id === id));
        const next: Replica | null = bySnapshot
          ? applySnapshot(held, { ...snapshot, version: 2, members: after }, told)
          : applyDelta(
              held,
              { type: "delta", epoch: "e", from: 1, version: 2, ...counts, set: after, gone },
              told,
            );
        expect(next?.members).toEqual(after);
        const seen = here(before);
        for (const [name, ...rest] of told) {
          const [one] = rest as [Member];
          if (name === "leave") expect(seen.delete(one.id)).toBe(true);
          if (name === "join") expect(seen.has(one.id)).toBe(false);
          if (name === "join" || (name === "change" && one.status !== "offline")) {
            seen.set(one.id, one);
          }
        }
        expect(seen).toEqual(here(after));
      }),
      { numRuns: runs(2_000) },
    );
  });
});

describe("the types", () => {
  it("[K16.1] know what members' data are, and which codes there are", async () => {
    interface Doing {
      typing: boolean;
    }
    const handle = (await entered()) as unknown as RoomHandle<Doing>;
    handle.setData({ typing: true });
    // @ts-expect-error -- no such data
    handle.setData({ typing: "yes" });
    const typing: boolean | undefined = handle.getSnapshot().members[0]?.data?.typing;
    expect(typing).toBeUndefined();
    const code = handle.getSnapshot().error?.code;
    // @ts-expect-error -- no such code
    expect(code === "session_expirred").toBe(false);
    expect(code === "session_expired").toBe(false);
    vi.clearAllTimers();
  });
});
