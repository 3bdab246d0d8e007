import { afterEach, describe, expect, it, vi } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { deltas, join, welcomeOf, type Frame } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `wire-${++rooms}`;

/** Stores offline members in a room. */
async function fillList(room: string, members: number): Promise<void> {
  const now = Date.now();
  await query(
    room,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${members})
     INSERT INTO members (id, version, name, issued_at, places, last_online)
     SELECT 'gone-' || i, 0, 'Gone', ${now}, '[]', ${now} FROM n`,
  );
}

describe("first frames", () => {
  it("[W1.1, G1.5] welcome comes first, with all that is this connection's own", async () => {
    const room = newRoom();
    const exp = Math.floor(Date.now() / 1000) + 1800;
    const ada = await join(room, "ada", { token: await signIn("ada", { exp }) });
    expect(welcomeOf(ada)).toEqual({
      type: "welcome",
      protocol: 1,
      room,
      connection: expect.stringMatching(/^[0-9a-f-]{36}$/),
      self: { id: "ada", chosen: null },
      heartbeat: 9,
      expiresAt: new Date(exp * 1000).toISOString(),
      signals: true,
    });
  });

  it("[W1.2] a choice is told to all tabs of the member, and to nobody else", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    await desk.ask({ type: "update", status: "away" });
    await desk.ask({ type: "update", status: "away" });
    const told = { type: "self", id: "ada", chosen: "away" };
    for (const tab of [desk, phone]) {
      expect((await tab.news()).filter((f) => f !== "pong" && f.type === "self")).toEqual([told]);
    }
    expect((await bob.news()).filter((f) => f !== "pong" && f.type === "self")).toEqual([]);
  });

  it("[W2, W4] then one snapshot, which counts the joiner already, or a delta since what they hold", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    expect(ada.frames.slice(1)).toEqual([await readRoom(room)]);
    expect((ada.frames[1] as Snapshot).members.map(({ id }) => id)).toEqual(["ada"]);
    const bob = await join(room, "bob", { holds: ada.roll! });
    expect(bob.frames[1]).toMatchObject({ type: "delta", set: [{ id: "bob" }] });
    expect(bob.frames).toHaveLength(2);
  });

  it("[W3.1] later changes are deltas, and whole snapshots for who asks for that view", async () => {
    const room = newRoom();
    const plain = await join(room, "plain");
    const simple = await join(room, "simple", { query: "?view=snapshot" });
    await plain.news();
    await hibernate(room);
    await plain.ask({ type: "update", status: "busy" });
    const [delta] = deltas(await plain.news());
    expect(delta).toMatchObject({ set: [{ id: "plain", status: "busy" }], gone: [] });
    const news = await simple.until(
      (frame) => frame !== "pong" && frame.type === "snapshot" && frame.version === delta!.version,
    );
    expect(news).toEqual(await readRoom(room));
    expect(deltas(simple.frames)).toEqual([]);
  });

  it("[W3.2] in rooms of more than 500 members whole snapshots are told every 5 s at most", async () => {
    const room = newRoom();
    await join(room, "ada");
    await fillList(room, 500);
    await restart(room);
    const ada = await join(room, "ada");
    const simple = await join(room, "simple", { query: "?view=snapshot" });
    const whole = () => simple.frames.filter((f) => f !== "pong" && f.type === "snapshot");
    // What is still to be told would be told at a time that the clock, which stands still, never has.
    await eventually(() => expect(ada.roll?.online).toBe(2));
    passTime(5);
    await ada.ask({ type: "update", data: { n: 1 } });
    await eventually(() => expect(whole()).toHaveLength(2));
    await ada.ask({ type: "update", data: { n: 2 } });
    await ada.ask({ type: "update", data: { n: 3 } });
    expect(deltas(await ada.news()).at(-1)?.set).toMatchObject([{ data: { n: 3 } }]);
    expect(whole()).toHaveLength(2);
    // They receive it even if nothing else happens.
    passTime(5);
    await simple.until(
      (f) => f !== "pong" && f.type === "snapshot" && f.version === ada.roll!.version,
    );
    expect(whole()).toHaveLength(3);
    expect(whole().at(-1)).toEqual(await readRoom(room));
  });

  it("[W5, V1] deltas chain: each starts where the last one ended", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    let { version } = watcher.roll!;
    const crowd = await Promise.all(Array.from({ length: 15 }, (_, n) => join(room, `user-${n}`)));
    for (const peer of crowd) await peer.ask({ type: "update", status: "busy" });
    const chain = deltas(await watcher.news());
    expect(chain.length).toBeGreaterThan(1);
    for (const delta of chain) {
      expect(delta.from).toBe(version);
      expect(delta.version).toBeGreaterThan(version);
      ({ version } = delta);
    }
    expect(watcher.roll!.members).toEqual((await readRoom(room)).members);
  });
});

describe("frames from the client", () => {
  it("[W7, W10] every frame with an id is acknowledged, a leave before the close", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (const frame of [
      { type: "update", status: "busy" },
      { type: "idle", idle: true },
      { type: "sync" },
      { type: "leave" },
    ]) {
      await ada.ask(frame);
    }
    expect(await ada.closed).toEqual({ code: 1000, reason: "left" });
  });

  it("[W7] what is acknowledged has been stored", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", data: { at: "desk" } });
    await hibernate(room);
    expect((await readRoom(room)).members[0]).toMatchObject({
      status: "busy",
      data: { at: "desk" },
    });
  });

  it("[W8] update leaves absent keys as they are, and null takes away", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const member = async () => (await readRoom(room)).members[0];
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    await ada.ask({ type: "update", status: "away" });
    expect(await member()).toMatchObject({ status: "away", data: { n: 1 } });
    await ada.ask({ type: "update", data: { n: 2 } });
    expect(await member()).toMatchObject({ status: "away", data: { n: 2 } });
    await ada.ask({ type: "update", status: null, data: null });
    expect(await member()).toMatchObject({ status: "online" });
    expect(await member()).not.toHaveProperty("data");
  });

  it("[W9] idle on the only connection shows away", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "idle", idle: true });
    expect((await readRoom(room)).members[0]?.status).toBe("away");
  });

  it("[W10] sync is answered by a snapshot", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    ada.frames.splice(0);
    ada.send({ type: "sync" });
    expect(await ada.untilType("snapshot")).toEqual(await readRoom(room));
  });

  it("[W10, W12.3] a sync that comes within 5 s of another is answered once they are over", async () => {
    const room = newRoom();
    passTime(0);
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    const snapshots = () => ada.frames.filter((f) => f !== "pong" && f.type === "snapshot");
    await ada.news();
    for (let n = 1; n <= 5; n++) await ada.ask({ type: "sync" });
    await eventually(() => expect(snapshots()).toHaveLength(1));
    passTime(4);
    await ada.ask({ type: "sync" });
    await bob.ask({ type: "update", status: "busy" });
    // Until then deltas go on.
    await ada.until((f) => f !== "pong" && f.type === "delta" && f.set[0]?.status === "busy");
    expect(snapshots()).toHaveLength(1);
    passTime(1);
    await bob.ask({ type: "update", status: "away" });
    await eventually(() => expect(snapshots()).toHaveLength(2));
    expect(snapshots().at(-1)).toEqual(await readRoom(room));
    passTime(4);
    await ada.ask({ type: "sync" });
    await ada.news();
    expect(snapshots()).toEqual([]);
  });

  it("[W12.3] a sync that was put off is answered though nothing else happens", async () => {
    const ada = await join(newRoom(), "ada");
    ada.frames.splice(0);
    for (let n = 1; n <= 3; n++) ada.send({ type: "sync" });
    const isSnapshot = (f: Frame) => f !== "pong" && f.type === "snapshot";
    const first = await ada.until(isSnapshot);
    await ada.until((frame) => isSnapshot(frame) && frame !== first);
    await ada.news().then((frames) => expect(frames.filter(isSnapshot)).toHaveLength(2));
  });

  it("[W12.3] one who leaves while a sync is put off is told nothing more", async () => {
    const room = newRoom();
    passTime(0);
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    for (let n = 1; n <= 2; n++) await ada.ask({ type: "sync" });
    await ada.ask({ type: "leave" });
    await ada.closed;
    const told = ada.frames.length;
    passTime(5);
    await bob.ask({ type: "update", status: "busy" });
    await bob.news();
    expect(ada.frames).toHaveLength(told);
    await hibernate(room);
  });
});
