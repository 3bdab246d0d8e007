import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LargeRoomStats } from "../../../src/server/large/hub-object.ts";
import { until } from "../../worker-kit/eventually.ts";
import { ask } from "../../worker-kit/http.ts";
import { hubStub, restartHub, usersOfShards } from "../../worker-kit/large.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import { passTime } from "../../worker-kit/time.ts";
import { untilShown } from "../../worker-kit/window.ts";

let receiver: Receiver;
let rooms = 0;
const newRoom = () => `large-hooks-${++rooms}`;
const USERS = usersOfShards();

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  receiver = new Receiver();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function outboxesOf(room: string) {
  const headers = { Authorization: `Bearer ${env.SERVER_KEY}` };
  const answer = await ask(`/rooms/${room}/stats`, { headers });
  const { outbox, shards } = await answer.json<LargeRoomStats>();
  return [outbox, shards.map((shard) => ("outbox" in shard ? shard.outbox : null))] as const;
}

describe("webhooks of a large room", () => {
  it("[N5.3, N5.4] tell members by their shard, and once for the whole room that it is occupied and vacated", async () => {
    const room = newRoom();
    const peers: Peer[] = [];
    for (const user of USERS) peers.push(await join(room, user));
    for (const peer of peers) await untilShown(peer, (roll) => roll!.online === 4);
    await restartHub(room);
    for (const peer of peers.slice(1)) await peer.ask({ type: "leave" });
    await untilShown(peers[0]!, (roll) => roll!.online === 1);
    await peers[0]!.ask({ type: "leave" });
    await until(() => receiver.told(room).includes("room.vacated"));
    await until(() => receiver.told(room).length === 10);
    const events = receiver.events(room);
    const ofRoom = events.filter(({ type }) => type.startsWith("room."));
    expect(ofRoom.map(({ type, data }) => [type, data.shard, data.sequence])).toEqual([
      ["room.occupied", undefined, 1],
      ["room.vacated", undefined, 1],
    ]);
    USERS.forEach((user, shard) => {
      const own = events.filter(({ data }) => data.member?.id === user);
      expect(own.map(({ type, data }) => [type, data.shard, data.sequence])).toEqual([
        ["member.online", shard, 1],
        ["member.offline", shard, 2],
      ]);
    });
  });

  it("[N5.2, N5.4, H6.2] what the hub reports counts in the room's outbox: while it waits, and when it is dead", async () => {
    const room = newRoom();
    // Of shards everything is taken.
    receiver.answer = ({ events }) =>
      new Response(null, { status: events[0]!.data.shard === undefined ? 503 : 204 });
    await join(room, USERS[0]!);
    await until(() => receiver.told(room).length === 2);
    const nothing = { messages: 0, events: 0, oldest: null, dead: 0 };
    await until(async () => {
      const [all, shards] = await outboxesOf(room);
      expect(shards).toHaveLength(USERS.length);
      return all.messages === 1 && shards.every((outbox) => outbox?.messages === 0);
    });
    const [waiting] = await outboxesOf(room);
    expect(waiting).toEqual({ messages: 1, events: 1, oldest: expect.any(String), dead: 0 });
    passTime(25 * 3_600);
    // A retry may be under way.
    await until(async () => {
      await runDurableObjectAlarm(hubStub(room));
      return (await outboxesOf(room))[0].dead > 0;
    });
    const counted = [{ ...nothing, dead: 1 }, USERS.map(() => nothing)];
    expect(await outboxesOf(room)).toEqual(counted);
    await restartHub(room);
    expect(await outboxesOf(room)).toEqual(counted);
  });
});
