import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { until } from "../../worker-kit/eventually.ts";
import { restartHub, usersOfShards } from "../../worker-kit/large.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import { untilShown } from "../../worker-kit/window.ts";

let receiver: Receiver;
let rooms = 0;
const newRoom = () => `large-hooks-${++rooms}`;
const USERS = usersOfShards();

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  receiver = new Receiver();
});
afterEach(() => void vi.restoreAllMocks());

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
});
