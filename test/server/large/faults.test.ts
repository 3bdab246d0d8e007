import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../../src/server/env.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { hubStub, objectOf, objectsOf, restartHub, usersOfShards } from "../../worker-kit/large.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { hibernate, passTime, query, restart, roomStub } from "../../worker-kit/time.ts";
import { openWindow, readWindow, shownTo, untilShown } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `large-faults-${++rooms}`;
const USERS = usersOfShards();
const [FIRST, SECOND] = USERS as [string, string, string, string];

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function joinAll(room: string): Promise<Map<string, Peer>> {
  const peers = new Map<string, Peer>();
  for (const user of USERS) peers.set(user, await join(room, user));
  for (const peer of peers.values()) await untilShown(peer, (roll) => roll!.online === 4);
  return peers;
}

/** Waits until some peers hold what `GET` returns. */
async function untilSame(room: string, peers: Iterable<Peer>, online: number): Promise<void> {
  await eventually(async () => {
    const { version, epoch, members, ...read } = await readWindow(room, "");
    expect(read).toMatchObject({ online });
    for (const peer of peers) {
      expect(peer.roll).toMatchObject({ online, connections: read.connections });
      expect(peer.roll!.members).toEqual(members);
      if (peer.roll!.epoch === epoch) expect(peer.roll!.version).toBeLessThanOrEqual(version);
    }
  });
}

/** Whether a peer was ever sent that a user is gone or offline. */
function wasToldGone(peer: Peer, user: string): boolean {
  return peer.frames.some((frame) => {
    if (frame === "pong" || (frame.type !== "delta" && frame.type !== "snapshot")) return false;
    const members = frame.type === "delta" ? frame.set : frame.members;
    const shown = members.find(({ id }) => id === user);
    if (frame.type === "delta") return frame.gone.includes(user) || shown?.status === "offline";
    return shown === undefined || shown.status === "offline";
  });
}

/** Has the hub of a room get no answer from some objects, until {@link mend} or its restart. */
async function mute(room: string, objects: readonly string[]): Promise<void> {
  await runInDurableObject(hubStub(room), (hub) => {
    const silent = new Proxy({}, { get: () => () => new Promise(() => {}) });
    const getByName = (name: string) =>
      objects.includes(name) ? silent : env.ROOMS.getByName(name);
    const muted = { ...env, ROOMS: { getByName } } as unknown as Env;
    Object.assign(hub, { env: muted });
  });
}

async function mend(room: string): Promise<void> {
  await runInDurableObject(hubStub(room), (hub) => void Object.assign(hub, { env }));
}

describe("faults in a large room", () => {
  it("[N4.1] a hub that starts again has the same list, and shows nobody as gone", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const { epoch } = await readWindow(room, "");
    for (const peer of peers.values()) peer.frames.splice(0);
    await restartHub(room);
    await peers.get(FIRST)!.ask({ type: "update", status: "busy" });
    for (const peer of peers.values()) {
      await untilShown(peer, (roll) => roll!.members.some(({ status }) => status === "busy"));
    }
    await untilSame(room, peers.values(), 4);
    expect((await readWindow(room, "")).epoch).not.toBe(epoch);
    for (const peer of peers.values())
      for (const user of USERS) expect(wasToldGone(peer, user)).toBe(false);
  });

  it("[N4.2, L6.1] a shard that starts again is missed by nobody whose users return", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const other = peers.get(SECOND)!;
    other.frames.splice(0);
    await restart(objectOf(room, FIRST));
    peers.set(FIRST, await join(room, FIRST));
    await peers.get(FIRST)!.ask({ type: "update", status: "busy" });
    await untilSame(room, peers.values(), 4);
    expect(wasToldGone(other, FIRST)).toBe(false);
  });

  it("[N4.2] two shards, and then all parts at once, start again", async () => {
    const room = newRoom();
    await joinAll(room);
    for (const objects of [objectsOf(room).slice(0, 2), objectsOf(room)]) {
      for (const object of objects) await restart(object);
      await restartHub(room);
      const peers: Peer[] = [];
      for (const user of USERS) peers.push(await join(room, user));
      await untilSame(room, peers, 4);
      expect(shownTo(peers[0]!)).toEqual(USERS.toSorted());
    }
  });

  it("[N4.2, N3.3] a hibernating hub and hibernating shards are woken by one join", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    for (const object of objectsOf(room)) await hibernate(object);
    await restartHub(room);
    peers.set("zoe", await join(room, "zoe"));
    await untilSame(room, peers.values(), 5);
    expect(shownTo(peers.get("zoe")!)).toContain("zoe");
  });

  it("[N4.3] a shard that answers nothing is asked, counts as offline after STALE_SECONDS, and is back when it speaks", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const eve = await openWindow(room, "eve", { query: "?present=false&view=window&limit=20" });
    await untilShown(eve, (roll) => roll!.online === 4);
    await mute(room, [objectOf(room, FIRST)]);
    passTime(40);
    /** Has the hub hear of something, and waits until it has told what it knows. */
    const stir = async (status: "busy" | "away") => {
      await peers.get(SECOND)!.ask({ type: "update", status });
      const isTold = (roll: Peer["roll"]) =>
        roll!.members.some((member) => member.status === status);
      await untilShown(eve, isTold);
    };
    await stir("busy");
    expect(shownTo(eve)).toContain(FIRST);
    // A call that was under way before may have been answered since. The others have to be heard between
    // these steps, or they would count as silent too.
    for (const status of ["away", "busy", "away"] as const) {
      passTime(25);
      await stir(status);
    }
    await untilShown(eve, (roll) => roll!.online === 3);
    expect(shownTo(eve)).not.toContain(FIRST);
    await mend(room);
    await peers.get(FIRST)!.ask({ type: "update", status: "busy" });
    await untilShown(eve, (roll) => roll!.online === 4);
    await untilSame(room, [...peers.values(), eve], 4);
  });

  it("[N4.1] a shard that cannot speak when the hub starts again is remembered by the others", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const other = peers.get(SECOND)!;
    other.frames.splice(0);
    const first = roomStub(objectOf(room, FIRST));
    // Its own report would be the first thing that the hub hears of.
    await runInDurableObject(first, (shard) => void Object.assign(shard, { speak: null }));
    await restartHub(room);
    await other.ask({ type: "update", status: "busy" });
    await untilShown(other, (roll) => roll!.members.some(({ status }) => status === "busy"));
    expect(await readWindow(room, "")).toMatchObject({ online: 4 });
    expect(wasToldGone(other, FIRST)).toBe(false);
    await peers.get(FIRST)!.ask({ type: "update", status: "busy" });
    await untilSame(room, peers.values(), 4);
  });

  it("[N4.2, L6.3] a shard whose storage fails starts again, and the room has it back", async () => {
    const room = newRoom();
    const peers = await joinAll(room);
    const object = objectOf(room, FIRST);
    await query(
      object,
      "CREATE TRIGGER full BEFORE INSERT ON members WHEN NEW.chosen = 'busy' BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    const other = peers.get(SECOND)!;
    other.frames.splice(0);
    peers.get(FIRST)!.send({ type: "update", status: "busy" });
    await peers.get(FIRST)!.closed;
    peers.set(FIRST, await join(room, FIRST));
    await peers.get(FIRST)!.ask({ type: "update", status: "away" });
    await untilSame(room, peers.values(), 4);
    expect(wasToldGone(other, FIRST)).toBe(false);
  });
});
