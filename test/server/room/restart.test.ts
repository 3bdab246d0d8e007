import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join } from "../../worker-kit/peer.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  runAlarm,
} from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `restart-${++rooms}`;

describe("restart", () => {
  it("[L6.1, L6.2] those who return within the grace never looked absent, the rest go offline", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await bob.ask({ type: "idle", idle: true });
    await ada.ask({ type: "update", status: "busy" });
    await restart(room);
    const { members } = await readRoom(room);
    expect(members.map(({ status, connections }) => [status, connections])).toEqual([
      ["busy", 1],
      ["away", 1],
    ]);
    const back = await join(room, "ada");
    expect(back.roll?.members).toEqual(members);
    await hibernate(room);
    await passTimeWithAlarms(room, 11);
    expect((await readRoom(room)).members.map(({ status }) => status)).toEqual(["busy", "offline"]);
  });

  it("[L6.1] the grace runs from the next start, and a second start does not prolong it", async () => {
    const room = newRoom();
    await join(room, "ada");
    await restart(room);
    passTime(3600);
    expect((await readRoom(room)).online).toBe(1);
    passTime(6);
    await hibernate(room);
    passTime(2);
    expect((await readRoom(room)).online).toBe(0);
  });

  it("[R4.3] a member who was lost with the room was last online at its next start", async () => {
    const room = newRoom();
    await join(room, "ada");
    await restart(room);
    passTime(60);
    expect((await readRoom(room)).online).toBe(1);
    const startedAt = Date.now();
    await passTimeWithAlarms(room, 11);
    const [member] = (await readRoom(room)).members;
    expect(member?.status).toBe("offline");
    expect(member!.lastOnline).toBe(new Date(startedAt).toISOString());
  });
});

describe("the alarm", () => {
  it("[L7.1] is set for the earliest deadline, and not moved by what comes later", async () => {
    const room = newRoom();
    const start = Date.now();
    const ada = await join(room, "ada");
    const sweep = await alarmOf(room);
    expect(sweep).toBeGreaterThan(start + 19_000);
    passTime(5);
    await join(room, "bob");
    expect(await alarmOf(room)).toBe(sweep);
    ada.close(4000);
    await ada.closed;
    await eventually(async () => {
      expect(await alarmOf(room)).toBeLessThanOrEqual(Date.now() + 10_000);
    });
  });

  it("[L7.2] stays when its deadline falls away, and is then set for the next one", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const sweep = (await alarmOf(room))!;
    ada.close(4000);
    await ada.closed;
    await eventually(async () => expect(await alarmOf(room)).toBeLessThan(sweep));
    const graceEnd = (await alarmOf(room))!;
    await join(room, "ada");
    expect(await alarmOf(room)).toBe(graceEnd);
    const before = await readRoom(room);
    vi.setSystemTime(graceEnd);
    await runAlarm(room);
    expect(await readRoom(room)).toEqual(before);
    expect(await alarmOf(room)).toBeGreaterThan(graceEnd);
  });

  it("[L7.4] never fails: what goes wrong is logged, and the next one is set", async () => {
    const room = newRoom();
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    await join(room, "ada").then((ada) => ada.close(4000));
    await eventually(async () => expect(await alarmOf(room)).toBeLessThan(Date.now() + 11_000));
    await query(room, "ALTER TABLE members RENAME TO elsewhere");
    passTime(10);
    expect(await runAlarm(room)).toBe(true);
    expect(lines.mock.calls.flat().join("\n")).toContain('"event":"failure"');
    expect(await alarmOf(room)).toBeGreaterThan(Date.now());
    await query(room, "ALTER TABLE elsewhere RENAME TO members");
    passTime(11);
    expect(await runAlarm(room)).toBe(true);
    expect(await query(room, "SELECT places FROM members")).toEqual([{ places: "[]" }]);
    lines.mockRestore();
  });

  it("[L7.1] nothing but a due event is waited for: a quiet room can be put to sleep at any time", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy" });
    await ada.news();
    await hibernate(room);
    expect((await readRoom(room)).members[0]?.status).toBe("busy");
    await hibernate(room);
  });
});
