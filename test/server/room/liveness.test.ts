import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { judge, judgeAgainAt, timingFor } from "../../../src/server/room/connections/liveness.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  roomStub,
  runAlarm,
} from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `liveness-${++rooms}`;
const idsIn = async (room: string) => (await readRoom(room)).members.map(({ id }) => id);

describe("signs of life", () => {
  it("[L1] ping is answered with pong, and wakes nobody", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await hibernate(room);
    ada.send("ping");
    await ada.until((frame) => frame === "pong");
    // Nothing was constructed for the ping: a room that is not running cannot be put to sleep.
    await expect(evictDurableObject(roomStub(room))).rejects.toThrow("not currently running");
  });

  it("[L1, L3.2] the heartbeat and the times of a probe follow from the stale time", () => {
    for (const staleSeconds of [3, 4, 10, 45, 600]) {
      const timing = timingFor(staleSeconds * 1000);
      const { heartbeatSeconds, probeAfterMs, answerMs } = timing;
      expect(heartbeatSeconds).toBeGreaterThanOrEqual(1);
      expect(heartbeatSeconds * 1000).toBeLessThan(probeAfterMs);
      expect(probeAfterMs + answerMs).toBeLessThan(staleSeconds * 1000);
    }
    expect(timingFor(45_000)).toEqual({
      heartbeatSeconds: 9,
      probeAfterMs: 37_800,
      answerMs: 4_500,
    });
  });

  it("[L2.2, L2.3] judges by what was heard since the probe, however late it came", () => {
    const timing = timingFor(45_000);
    const now = 1_000_000;
    expect(judge({ heardAt: now - 15_000, probedAt: null }, now, timing)).toBe("alive");
    expect(judge({ heardAt: now - 39_000, probedAt: null }, now, timing)).toBe("probe");
    expect(judge({ heardAt: now - 40_000, probedAt: now - 1_000 }, now, timing)).toBe("waiting");
    expect(judge({ heardAt: now - 30_000, probedAt: now - 7_000 }, now, timing)).toBe("stale");
    expect(judge({ heardAt: now - 6_000, probedAt: now - 7_000 }, now, timing)).toBe("alive");
    expect(judge({ heardAt: now - 39_000, probedAt: now - 40_000 }, now, timing)).toBe("probe");
  });

  it("[L3.2] the next sweep comes when the connection that is silent longest would have to be probed", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const joinedAt = Date.now();
    passTime(20);
    const bob = await join(room, "bob");
    const first = (await alarmOf(room))!;
    expect(Math.abs(first - joinedAt - 37_800)).toBeLessThan(1_000);
    passTime(10);
    // The platform's clock does not move with the test's: any frame is a sign of life.
    await ada.ask({ type: "idle", idle: false });
    vi.setSystemTime(first);
    await runAlarm(room);
    // Nobody was silent for long; now it is bob who was heard first.
    expect(Math.abs((await alarmOf(room))! - joinedAt - 57_800)).toBeLessThan(1_000);
    for (const { frames } of [ada, bob]) {
      expect(frames.filter((frame) => frame !== "pong" && frame.type === "probe")).toEqual([]);
    }
  });

  it("[L3.1, L3.2] a client that pings every 15 s, as those of 0.1.0 did, is never probed", async () => {
    const timing = timingFor(45_000);
    let sweepAt = 37_800;
    for (let sweeps = 0; sweeps < 1_000; sweeps++) {
      const pulse = { heardAt: Math.floor(sweepAt / 15_000) * 15_000, probedAt: null };
      expect(judge(pulse, sweepAt, timing)).toBe("alive");
      sweepAt = judgeAgainAt(pulse, timing);
    }
  });

  it("[L2.1, L2.2] judges at the very moment that a time is over, and takes what was heard at the probe for life", () => {
    const timing = timingFor(45_000);
    const now = 1_000_000;
    const { probeAfterMs, answerMs } = timing;
    const silent = now - 45_000;
    expect(judge({ heardAt: now - probeAfterMs, probedAt: null }, now, timing)).toBe("probe");
    expect(judge({ heardAt: silent, probedAt: now - answerMs }, now, timing)).toBe("stale");
    expect(judge({ heardAt: now - 1, probedAt: now - 1 }, now, timing)).toBe("alive");
  });

  it("[L2.1, L2.2, L3.1, R4.3] a silent connection is probed, then removed as stale, with no grace, and last online when it was last heard", async () => {
    const room = newRoom();
    // From here on the clock moves by the test alone.
    passTime(0);
    const joinedAt = Date.now();
    const ada = await join(room, "ada");
    await hibernate(room);
    await passTimeWithAlarms(room, 39);
    await ada.untilType("probe");
    expect(await idsIn(room)).toContain("ada");
    await hibernate(room);
    await passTimeWithAlarms(room, 6);
    expect(await ada.closed).toEqual({ code: 4408, reason: "stale" });
    const [member] = (await readRoom(room)).members;
    expect(member).toMatchObject({ id: "ada", status: "offline", connections: 0 });
    expect(member!.lastOnline).toBe(new Date(joinedAt).toISOString());
  });

  it("[L2.3] a connection that answers is never removed", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const nextAlarm = async () => {
      await hibernate(room);
      vi.setSystemTime((await alarmOf(room))!);
      await runAlarm(room);
    };
    for (let round = 0; round < 10; round++) {
      await nextAlarm();
      await ada.untilType("probe");
      await hibernate(room);
      // The platform's clock does not move with the test's: any frame is a sign of life.
      await ada.ask({ type: "idle", idle: false });
      ada.frames.splice(0);
      await nextAlarm();
    }
    expect((await readRoom(room)).members[0]).toMatchObject({ status: "online", connections: 1 });
  });

  it("[L2.3, L3.2] pings that nobody woke for keep a connection, and its timing comes with the welcome", async () => {
    const room = newRoom();
    vi.setSystemTime(Date.now() - 40_000);
    const ada = await join(room, "ada");
    expect(welcomeOf(ada).heartbeat).toBe(9);
    await hibernate(room);
    vi.useRealTimers();
    ada.send("ping");
    await ada.until((frame) => frame === "pong");
    await runAlarm(room);
    expect(ada.frames.filter((frame) => frame !== "pong" && frame.type === "probe")).toEqual([]);
    expect((await readRoom(room)).members[0]?.status).toBe("online");
  });
});

describe("grace", () => {
  it("[L4.2, R4.1] a reload shows no change to anyone, and the new connection takes over the place", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const before = await join(room, "ada");
    await watcher.news();
    const held = await readRoom(room);
    before.close(4000, "reload");
    await before.closed;
    await hibernate(room);
    passTime(7);
    await join(room, "ada");
    await passTimeWithAlarms(room, 10);
    expect(await watcher.news()).toEqual([]);
    expect(await readRoom(room)).toEqual(held);
  });

  it("[L4.3, R4.3] who does not come back is gone after the grace, last online when they were lost", async () => {
    const room = newRoom();
    passTime(0);
    const lostAt = Date.now();
    const ada = await join(room, "ada");
    ada.close(4000);
    await ada.closed;
    expect((await readRoom(room)).members[0]).toMatchObject({ status: "online", connections: 1 });
    await hibernate(room);
    passTime(8);
    await runAlarm(room);
    const [member] = (await readRoom(room)).members;
    expect(member).toMatchObject({ status: "offline", connections: 0 });
    expect(member!.lastOnline).toBe(new Date(lostAt).toISOString());
  });

  it("[L4.1] a leave and a close with 1000 and the reason left have no grace", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "leave" });
    expect(await ada.closed).toEqual({ code: 1000, reason: "left" });
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
    const bob = await join(room, "bob");
    bob.close(1000, "left");
    await bob.closed;
    expect((await readRoom(room)).members[1]?.status).toBe("offline");
  });

  it("[L4.1] a client of 0.1.0 leaves by its frame: its close has no reason", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    ada.send({ type: "leave" });
    ada.close(1000);
    await ada.closed;
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });

  it.each([
    [1000, ""],
    [1000, "idle timeout"],
    [1001, "left"],
    [4000, "left"],
  ])("[L4.2] a close with %i %j, as a proxy may send it, leaves a grace", async (code, reason) => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    await watcher.news();
    const held = await readRoom(room);
    ada.close(code, reason);
    await ada.closed;
    expect(await readRoom(room)).toEqual(held);
    await join(room, "ada");
    await passTimeWithAlarms(room, 10);
    expect(await watcher.news()).toEqual([]);
  });

  it("[L4.4] a session that ends while the room hibernates closes 4401, and keeps the place for the grace", async () => {
    const room = newRoom();
    const now = Math.floor(Date.now() / 1000);
    const ada = await join(room, "ada", { token: await signIn("ada", { exp: now + 10 }) });
    await hibernate(room);
    expect(await alarmOf(room)).toBeLessThanOrEqual((now + 12) * 1000);
    vi.setSystemTime((now + 10) * 1000);
    await runAlarm(room);
    expect(await ada.closed).toEqual({ code: 4401, reason: "session_expired" });
    expect((await readRoom(room)).members[0]).toMatchObject({ status: "online", connections: 1 });
    await hibernate(room);
    passTime(8);
    await runAlarm(room);
    expect((await readRoom(room)).members[0]).toMatchObject({ status: "offline", connections: 0 });
  });
});

describe("forgetting", () => {
  it("[L5.1, L5.5] a member is forgotten after the retention and reported gone; with the last one storage and alarm go too", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    await ada.ask({ type: "leave" });
    await watcher.news();
    passTime(86_400);
    await watcher.ask({ type: "sync" });
    const { epoch } = await readRoom(room);
    expect(watcher.roll?.members.map(({ id }) => id)).toEqual(["watcher"]);
    expect(await query(room, "SELECT id FROM members")).toEqual([{ id: "watcher" }]);

    await watcher.ask({ type: "leave" });
    passTime(86_400);
    await runAlarm(room);
    expect(await alarmOf(room)).toBeNull();
    expect(await query(room, "SELECT name FROM sqlite_master WHERE name = 'members'")).toEqual([]);
    const empty = await readRoom(room);
    expect(empty).toMatchObject({ version: 0, online: 0, members: [] });
    expect(empty.epoch).not.toBe(epoch);
    const newcomer = await join(room, "newcomer");
    expect(newcomer.roll?.members.map(({ id }) => id)).toEqual(["newcomer"]);
  });

  it("[L5.1, W5] the others are told that a member is gone", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "leave" });
    passTime(86_390);
    const watcher = await join(room, "watcher");
    passTime(10);
    await runAlarm(room);
    const gone = await watcher.until(
      (frame) => frame !== "pong" && frame.type === "delta" && frame.gone.length > 0,
    );
    expect(gone).toMatchObject({ gone: ["ada"], set: [] });
  });
});
