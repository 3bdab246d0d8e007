import { env } from "cloudflare:workers";
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { disturb, type Fate } from "../../worker-kit/disturb.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { hubStub, usersOfShards } from "../../worker-kit/large.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { readWindow, untilShown } from "../../worker-kit/window.ts";

const USERS = usersOfShards();
const [FIRST, SECOND, THIRD, LAST] = USERS as [string, string, string, string];
const STATUSES = ["busy", "away", "online"] as const;
let rooms = 0;
const newRoom = () => `large-lossy-${++rooms}`;

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

/** Changes statuses, and has one leave and come back; each is acknowledged by its own shard. */
async function live(room: string, peers: Map<string, Peer>): Promise<void> {
  for (let at = 0; at < 9; at++) {
    const peer = peers.get([FIRST, SECOND, THIRD][at % 3]!)!;
    await peer.ask({ type: "update", status: STATUSES[at % 2]! });
    if (at === 2) await peers.get(LAST)!.ask({ type: "leave" });
    if (at === 5) {
      // It is refused where the hub has answered none of the reports for 5 s.
      peers.set(LAST, await eventually(() => join(room, LAST)));
    }
  }
  for (const user of [FIRST, SECOND, THIRD]) {
    await peers.get(user)!.ask({ type: "update", status: "busy" });
  }
}

async function joinAll(room: string): Promise<Map<string, Peer>> {
  const peers = new Map<string, Peer>();
  for (const user of USERS) peers.set(user, await join(room, user));
  for (const peer of peers.values()) await untilShown(peer, (roll) => roll!.online === 4);
  return peers;
}

/** Waits until all hold what `GET` returns, which is what the shards have. */
async function untilSame(room: string, peers: ReadonlyMap<string, Peer>): Promise<void> {
  await eventually(async () => {
    const { members, online, connections } = await readWindow(room, "");
    expect(members.map(({ id, status }) => [id, status])).toEqual(
      USERS.toSorted().map((id) => [id, id === LAST ? "online" : "busy"]),
    );
    for (const peer of peers.values()) {
      expect(peer.roll).toMatchObject({ members, online, connections });
    }
  });
}

/** Those of some users whom a peer was ever shown as gone. */
function goneFor(peer: Peer, users: readonly string[]): string[] {
  return users.filter((user) =>
    peer.frames.some((frame) => {
      if (frame === "pong" || (frame.type !== "snapshot" && frame.type !== "delta")) return false;
      const members = frame.type === "delta" ? frame.set : frame.members;
      const shown = members.find(({ id }) => id === user);
      if (frame.type === "snapshot") return shown === undefined || shown.status === "offline";
      return frame.gone.includes(user) || shown?.status === "offline";
    }),
  );
}

const FATES: Fate[] = ["lost", "answer lost", "twice", "overtaken"];

describe("calls of a large room that go wrong", { timeout: 600_000 }, () => {
  it.each(FATES.flatMap((fate) => [[fate, "report"] as const, [fate, "tell"] as const]))(
    "[N3.1, N4.2, N4.4, V5] %s: a %s shows nobody as gone, and everybody holds the same at the end",
    async (fate, method) => {
      const room = newRoom();
      const peers = await joinAll(room);
      const called = method === "report" ? env.HUBS! : env.ROOMS;
      for (const peer of peers.values()) peer.frames.splice(0);
      const settle = disturb(called as unknown as DurableObjectNamespace, method, [
        fate,
        "arrives",
      ]);
      await live(room, peers);
      // Otherwise it could always be the same shard whose calls are lost.
      settle();
      await untilSame(room, peers);
      for (const user of [FIRST, SECOND, THIRD]) {
        expect(goneFor(peers.get(user)!, [FIRST, SECOND, THIRD])).toEqual([]);
      }
    },
  );

  it("[N4.1, V5] a hub that ends at any moment loses nothing, and shows nobody as gone", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    for (const peer of peers.values()) peer.frames.splice(0);
    const living = live(room, peers);
    for (let crash = 0; crash < 6; crash++) {
      await new Promise((resolve) => setTimeout(resolve, 90 * crash));
      await runInDurableObject(hubStub(room), (_hub, state) => state.abort("a crash")).catch(
        () => {},
      );
    }
    await living;
    await untilSame(room, peers);
    for (const user of [FIRST, SECOND, THIRD]) {
      expect(goneFor(peers.get(user)!, [FIRST, SECOND, THIRD])).toEqual([]);
    }
  });

  it("[N4.1, N4.2, L6.1] a deploy under load, which ends all parts at once, shows nobody as gone who comes back", async () => {
    const room = newRoom();
    const before = await joinAll(room);
    for (const [at, peer] of [...before.values()].entries()) {
      peer.send({ type: "update", status: STATUSES[at % 3]! });
    }
    await abortAllDurableObjects();
    const back = await Promise.all(
      USERS.map(async (user) => [user, await join(room, user)] as const),
    );
    const peers = new Map(back);
    for (const user of [FIRST, SECOND, THIRD]) {
      await peers.get(user)!.ask({ type: "update", status: "busy" });
    }
    await peers.get(LAST)!.ask({ type: "update", status: "online" });
    await untilSame(room, peers);
    for (const peer of peers.values()) expect(goneFor(peer, USERS)).toEqual([]);
  });
});
