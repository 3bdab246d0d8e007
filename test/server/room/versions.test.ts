import { afterEach, describe, expect, it, vi } from "vitest";
import { gatherMs, mostTold } from "../../../src/server/room/pace.ts";
import { askAs, readRoom } from "../../worker-kit/http.ts";
import { deltas, join } from "../../worker-kit/peer.ts";
import { hibernate, passTime, query, restart, runAlarm } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `versions-${++rooms}`;

describe("version", () => {
  it("[V1] grows by one with each change that others can see, and never otherwise", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    const { version } = await readRoom(room);
    expect(version).toBe(2);
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    expect((await readRoom(room)).version).toBe(3);
    await watcher.news();
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    await ada.ask({ type: "idle", idle: true });
    await ada.ask({ type: "update" });
    await ada.ask({ type: "sync" });
    expect((await readRoom(room)).version).toBe(3);
    expect(await watcher.news()).toEqual([]);
  });

  it("[V1] repeated values write nothing", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy" });
    const rows = await query(room, "SELECT * FROM members");
    await ada.ask({ type: "update", status: "busy" });
    expect(await query(room, "SELECT * FROM members")).toEqual(rows);
  });
});

describe("gathering", () => {
  it("[V2.1] the time grows with the connections, from 50 ms to 1 s", () => {
    expect(gatherMs(1, true)).toBe(50);
    expect(gatherMs(500, true)).toBe(50);
    expect(gatherMs(2_000, true)).toBe(200);
    expect(gatherMs(100_000, true)).toBe(1_000);
    expect(gatherMs(100, false)).toBe(50);
    expect(gatherMs(1_000, false)).toBe(500);
    expect(gatherMs(10_000, false)).toBe(1_000);
  });

  it("[V2.1] connections that are shown counts alone do not count", () => {
    expect(mostTold({ size: 5_100, watchOnly: 5_000 }, 0)).toBe(100);
    expect(mostTold({ size: 4_000, watchOnly: 4_000 }, 1_000)).toBe(1_000);
    expect(mostTold({ size: 600, watchOnly: 0 }, 600)).toBe(600);
  });

  it("[V2.1] a change in a quiet room is told with its ack, one in a busy room soon, together with others", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.news();
    // The room's clock alone is moved, so that nothing was told lately.
    passTime(10);
    ada.send({ type: "update", status: "busy" });
    ada.send({ type: "update", status: "away" });
    await ada.ask({ type: "update", status: "online", data: { n: 1 } });
    const [first, second] = deltas(await ada.news());
    expect(first?.set[0]?.status).toBe("busy");
    expect(second).toMatchObject({ from: first!.version, version: first!.version + 2 });
    expect(second?.set).toMatchObject([{ status: "online", data: { n: 1 } }]);
  });

  it("[V2.1] a clock that is set back does not silence the room", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await bob.news();
    passTime(-3_600);
    await ada.ask({ type: "update", status: "busy" });
    const [told] = deltas(await bob.news());
    expect(told?.set).toMatchObject([{ id: "ada", status: "busy" }]);
  });

  it("[V2.2] everybody gets the same text of a delta", async () => {
    const room = newRoom();
    const peers = await Promise.all(["ada", "bob", "cleo"].map((id) => join(room, id)));
    for (const peer of peers) await peer.news();
    passTime(10);
    await peers[0]!.ask({ type: "update", status: "busy" });
    const told = await Promise.all(
      peers.map(async (peer) => JSON.stringify(deltas(await peer.news()))),
    );
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toContain("busy");
  });
});

describe("since", () => {
  it("[V3] gives only what changed, across hibernation and restart", async () => {
    const room = newRoom();
    await join(room, "ada");
    const { roll } = await join(room, "bob");
    const { epoch, version } = roll!;
    await hibernate(room);
    await join(room, "cleo");
    await restart(room);
    const answer = await askAs("reader", `/rooms/${room}?since=${epoch}.${version}`);
    expect(await answer.json()).toMatchObject({
      type: "delta",
      epoch,
      from: version,
      version: version + 1,
      set: [{ id: "cleo" }],
      gone: [],
    });
    const back = await join(room, "ada", { holds: roll! });
    expect(back.frames[1]).toMatchObject({ type: "delta", set: [{ id: "cleo" }] });
  });

  it("[V4.1] a since of another epoch, ahead, malformed, or before a removal is answered by a snapshot", async () => {
    const room = newRoom();
    await join(room, "ada").then((ada) => ada.ask({ type: "leave" }));
    const held = await readRoom(room);
    passTime(86_390);
    await join(room, "bob");
    const later = await readRoom(room);
    passTime(10);
    await runAlarm(room);
    const now = await readRoom(room);
    expect(now.members.map(({ id }) => id)).toEqual(["bob"]);
    const { epoch, version } = now;
    const typeFor = async (since: string) => {
      const answer = await askAs("reader", `/rooms/${room}?since=${since}`);
      return (await answer.json<{ type: string }>()).type;
    };
    expect(await typeFor(`${epoch}.${version}`)).toBe("delta");
    expect(await typeFor(`${epoch}.${held.version}`)).toBe("snapshot");
    expect(await typeFor(`${epoch}.${later.version}`)).toBe("snapshot");
    expect(await typeFor(`${epoch}.${version + 1}`)).toBe("snapshot");
    expect(await typeFor(`${crypto.randomUUID()}.${version}`)).toBe("snapshot");
    for (const malformed of ["", "1", ".", `${epoch}.`, `${epoch}.-1`, `${epoch}.1e3`, "%00.1"]) {
      expect(await typeFor(malformed)).toBe("snapshot");
    }
    await hibernate(room);
    expect(await typeFor(`${epoch}.${later.version}`)).toBe("snapshot");
    expect(await typeFor(`${epoch}.${version}`)).toBe("delta");
  });
});
