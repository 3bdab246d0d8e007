import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findNonReaders, Backlog } from "../../../src/server/room/connections/backlog.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, type Frame, type Peer } from "../../worker-kit/peer.ts";
import {
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  runAlarm,
} from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

const KIB = 1024;
const STEP = 256 * KIB;
const START = 1_000_000;

/** A connection that was sent this much since its probe, and has not answered. */
function owing(length: number, askedAt = START): { backlog: Backlog } {
  const backlog = Backlog.begin();
  backlog.count(STEP);
  backlog.step(7, askedAt);
  backlog.count(length);
  return { backlog };
}

describe("what is owed", () => {
  it("[W14.1, W14.2] a proof is asked for after every 256 KiB, one at a time", () => {
    const backlog = Backlog.begin();
    expect(backlog.count(STEP - 1)).toBe(false);
    expect(backlog.count(1)).toBe(true);
    expect(backlog.step(7, START)).toBe(true);
    expect(backlog.count(STEP)).toBe(true);
    expect(backlog.step(8, START + 1)).toBe(false);
    expect(backlog.owed).toEqual({ n: 7, askedAt: START, length: STEP });
    expect(backlog.unread).toBe(2 * STEP);
    // The answer does not prove what came after the probe.
    expect(backlog.prove(8)).toBe(false);
    expect(backlog.prove(7)).toBe(true);
    expect(backlog.unread).toBe(STEP);
    expect(backlog.count(0)).toBe(true);
    expect(backlog.step(9, START + 2)).toBe(true);
    expect(backlog.prove(7)).toBe(false);
  });

  it("[W14.6] by chance it is asked for as often in a room that sleeps after each change", () => {
    const length = STEP / 64;
    let asked = 0;
    for (let n = 0; n < 640; n++) {
      if (Backlog.wake(null, (n + 0.5) / 640).count(length)) asked++;
    }
    expect(asked).toBe(10);
    const owed = { n: 7, askedAt: START, length: STEP };
    expect(Backlog.wake(owed, 0.9).unread).toBe(2 * STEP);
  });

  it("[W14.4] who was sent 512 KiB and a snapshot since the probe does not read", () => {
    const [slow, silent] = [owing(712 * KIB - 1), owing(712 * KIB)];
    expect(findNonReaders([slow, silent], () => 200 * KIB)).toEqual([silent]);
    expect(findNonReaders([slow, silent], () => 201 * KIB)).toEqual([]);
    expect(findNonReaders([owing(511 * KIB)], () => expect.unreachable())).toEqual([]);
  });

  it("[W14.5] where all owe 32 MiB together, those who owe most do not read", () => {
    // With what came before each probe they owe 962 KiB less than 32 MiB.
    const crowd = Array.from({ length: 62 }, (_, n) => owing(257 * KIB + n));
    expect(findNonReaders(crowd, () => 0)).toEqual([]);
    const more = [...crowd, owing(400 * KIB), owing(300 * KIB)];
    expect(findNonReaders(more, () => 0)).toEqual([more.at(-2)]);
  });
});

let rooms = 0;

/** A room whose snapshot has some 230 KiB. */
async function largeRoom(): Promise<string> {
  const room = `backlog-${++rooms}`;
  await join(room, "first");
  const now = Date.now();
  await query(
    room,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
     INSERT INTO members (id, version, name, image, issued_at, places, last_online)
     SELECT 'gone-' || i, 0, 'Gone', '/${"x".repeat(2_000)}', ${now}, '[]', ${now} FROM n`,
  );
  await restart(room);
  return room;
}

const probes = ({ frames }: Peer) =>
  frames.flatMap((frame) =>
    frame !== "pong" && frame.type === "probe" && frame.n !== undefined ? [frame.n] : [],
  );
const isSnapshot = (frame: Frame) => frame !== "pong" && frame.type === "snapshot";

/** Lets the room send this many snapshots to all connections with that view. */
async function sendSnapshots(bob: Peer, watchers: Peer[], count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const before = watchers.map(({ frames }) => frames.filter(isSnapshot).length);
    await bob.ask({ type: "update", data: { n: Math.random() } });
    await eventually(() => {
      for (const [index, { frames }] of watchers.entries()) {
        expect(frames.filter(isSnapshot).length).toBeGreaterThan(before[index]!);
      }
    });
  }
}

const view = { query: "?view=snapshot" };

describe("who does not read", () => {
  // A busy machine may take 15 s for what comes before an answer is owed for so long.
  beforeEach(() => passTime(0));

  it("[W14.2, W14.4] is closed 4408 with no grace once an answer is owed for 15 s; who answers stays", async () => {
    const room = await largeRoom();
    const bob = await join(room, "bob");
    const [reader, mute] = [await join(room, "reader", view), await join(room, "mute", view)];
    mute.reads = false;
    await sendSnapshots(bob, [reader, mute], 6);
    expect(probes(mute)).toHaveLength(1);
    expect(probes(reader).length).toBeGreaterThan(1);
    expect(new Set([...probes(reader), ...probes(mute)]).size).toBe(probes(reader).length + 1);
    // Neither a sign of life, nor a ping, nor another number is a proof.
    passTime(10);
    mute.send("ping");
    await mute.ask({ type: "alive", n: probes(mute)[0]! + 1 });
    await reader.ask({ type: "idle", idle: false });
    await bob.ask({ type: "idle", idle: false });
    passTime(4);
    await runAlarm(room);
    expect((await readRoom(room)).online).toBe(3);
    await passTimeWithAlarms(room, 1.2);
    expect(await mute.closed).toEqual({ code: 4408, reason: "stale" });
    const { members } = await readRoom(room);
    expect(members.find(({ id }) => id === "mute")?.status).toBe("offline");
    await reader.ask({ type: "update", status: "busy" });
  });

  it("[W14.6] the debt outlives hibernation, and is settled by one answer", async () => {
    const room = await largeRoom();
    const bob = await join(room, "bob");
    const [late, mute] = [await join(room, "late", view), await join(room, "mute", view)];
    late.reads = false;
    mute.reads = false;
    await sendSnapshots(bob, [late, mute], 6);
    await hibernate(room);
    // It may have answered one while the other joined.
    const asked = probes(late);
    passTime(1);
    await late.ask({ type: "alive", n: asked.at(-1)! });
    // What came after that probe is owed separately.
    await eventually(() => expect(probes(late)).toHaveLength(asked.length + 1));
    await hibernate(room);
    for (const peer of [bob, late]) await peer.ask({ type: "idle", idle: false });
    await passTimeWithAlarms(room, 16);
    expect(await mute.closed).toEqual({ code: 4408, reason: "stale" });
    await late.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).online).toBe(2);
  });

  it("[W14.3, W12.1] answers are free, in any number, and count like other frames where none is owed", async () => {
    const room = await largeRoom();
    const bob = await join(room, "bob");
    const ada = await join(room, "ada", view);
    await sendSnapshots(bob, [ada], 2);
    for (let n = 1; n <= 21; n++) ada.send({ type: "alive", n, id: `alive-${n}` });
    expect(await ada.untilType("error")).toMatchObject({ code: "rate_limited" });
    // The owed answers are accepted, but no other frame.
    ada.frames.splice(0);
    await sendSnapshots(bob, [ada], 4);
    await eventually(() => expect(probes(ada).length).toBeGreaterThan(1));
    await passTimeWithAlarms(room, 16);
    expect(ada.frames.filter((frame) => frame !== "pong" && frame.type === "error")).toEqual([]);
    passTime(6);
    await ada.ask({ type: "update", status: "busy" });
  });

  it("[W14.6] small changes after every sleep ask for nothing", async () => {
    // Whether they do is left to chance, and this is the likely case.
    const chance = vi.spyOn(Math, "random").mockReturnValue(0.5);
    const room = "backlog-quiet";
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    for (let n = 0; n < 10; n++) {
      await hibernate(room);
      await bob.ask({ type: "update", data: { n } });
      await bob.news();
    }
    await hibernate(room);
    expect(chance).toHaveBeenCalled();
    expect(probes(ada)).toEqual([]);
    chance.mockRestore();
  });
});
