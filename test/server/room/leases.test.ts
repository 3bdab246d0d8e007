import { afterEach, describe, expect, it, vi } from "vitest";
import { applyDelta, applySnapshot } from "../../../src/client/replica.ts";
import type { Delta, Snapshot } from "../../../src/protocol/messages.ts";
import { formatSince } from "../../../src/protocol/since.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { giveUp, hold } from "../../worker-kit/lease.ts";
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
import { heldIn } from "./model-client.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `leases-${++rooms}`;
const STALE_SECONDS = 45;

const statusIn = async (room: string, user: string) =>
  (await readRoom(room)).members.find(({ id }) => id === user)?.status;

describe("a lease", () => {
  it("[P1.1, P1.4, P1.5] makes its user present like a socket, and is answered with the room", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    await bob.news();
    passTime(0);
    const { lease, expiresAt, self, state } = await hold(room, "ada", {}, { name: "Ada" });
    expect(lease).toMatch(/^[\w-]{20,64}$/);
    expect(self).toEqual({ id: "ada", chosen: null });
    const lasts = (Date.parse(expiresAt) - Date.now()) / 1000;
    expect(lasts).toBeGreaterThanOrEqual((STALE_SECONDS * 2) / 3);
    expect(lasts).toBeLessThanOrEqual(STALE_SECONDS);
    expect(state).toEqual(await readRoom(room));
    expect(state).toMatchObject({
      type: "snapshot",
      online: 2,
      connections: 2,
      members: [{ id: "ada", name: "Ada", status: "online", connections: 1 }, { id: "bob" }],
    });
    expect(await bob.news()).toMatchObject([{ type: "delta", set: [{ id: "ada" }], gone: [] }]);
  });

  it("[P1.4, P1.5] lasts while it is renewed, which shows nobody anything, and ends in time", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const { lease } = await hold(room, "ada");
    await bob.news();
    for (let renewal = 0; renewal < 12; renewal++) {
      passTime(10);
      await bob.ask({ type: "idle", idle: false });
      await runAlarm(room);
      expect((await hold(room, "ada", { lease })).lease).toBe(lease);
    }
    expect(
      (await bob.news()).filter((frame) => frame !== "pong" && frame.type === "delta"),
    ).toEqual([]);
    const renewedAt = Date.now();
    await passTimeWithAlarms(room, STALE_SECONDS);
    const [ada] = (await readRoom(room)).members;
    expect(ada).toMatchObject({ id: "ada", status: "offline", connections: 0 });
    const lastOnline = Date.parse(ada!.lastOnline!);
    expect(Math.abs(lastOnline - renewedAt)).toBeLessThanOrEqual((STALE_SECONDS * 1000) / 3);
  });

  it("[P1.4] ends by the room's own alarm, while nobody visits", async () => {
    const room = newRoom();
    const { expiresAt } = await hold(room, "ada");
    await hibernate(room);
    expect(await alarmOf(room)).toBeLessThanOrEqual(Date.parse(expiresAt) + 100);
    await passTimeWithAlarms(room, STALE_SECONDS);
    expect(await query(room, "SELECT places FROM members")).toEqual([{ places: "[]" }]);
  });

  it("[P1.7] outlives hibernation, restart and deploy, with no change for anybody", async () => {
    const room = newRoom();
    const { lease, state } = await hold(room, "ada");
    await hibernate(room);
    passTime(20);
    expect((await hold(room, "ada", { lease })).lease).toBe(lease);
    await restart(room);
    passTime(20);
    expect(await statusIn(room, "ada")).toBe("online");
    const since = formatSince(state);
    expect((await hold(room, "ada", { lease, since })).state).toMatchObject({ set: [], gone: [] });
  });

  it("[P1.5] is written at most once in a third of its length, however often it is renewed", async () => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    const seen = new Set<string>();
    for (let second = 0; second < 30; second++) {
      await hold(room, "ada", { lease });
      seen.add(JSON.stringify(await query(room, "SELECT * FROM members")));
      passTime(1);
    }
    expect(seen.size).toBeGreaterThanOrEqual(2);
    expect(seen.size).toBeLessThanOrEqual(3);
  });

  it("[P1.1] tells what changed since, and the room as it is where since is not good", async () => {
    const room = newRoom();
    const first = await hold(room, "ada");
    const roll = applySnapshot(null, first.state as Snapshot);
    await join(room, "bob");
    const { lease } = first;
    const { state } = await hold(room, "ada", { lease, since: formatSince(roll) });
    expect(state).toMatchObject({ type: "delta", set: [{ id: "bob" }] });
    const whole = applySnapshot(null, await readRoom(room));
    expect(heldIn(applyDelta(roll, state as Delta))).toEqual(heldIn(whole));
    for (const since of ["x", "other.1", null]) {
      expect((await hold(room, "ada", { lease, since })).state.type).toBe("snapshot");
    }
  });

  it("[P1.1] takes status, data and idle, with the first answer and with each", async () => {
    const room = newRoom();
    const tab = await join(room, "ada");
    const { lease, self } = await hold(room, "ada", { status: "busy", data: { typing: true } });
    expect(self).toEqual({ id: "ada", chosen: "busy" });
    expect(await tab.untilType("self")).toMatchObject({ chosen: "busy" });
    expect((await readRoom(room)).members).toMatchObject([
      { status: "busy", connections: 2, data: { typing: true } },
    ]);
    await hold(room, "ada", { lease, status: null, data: null, idle: true });
    await tab.ask({ type: "idle", idle: true });
    const [ada] = (await readRoom(room)).members;
    expect(ada).toMatchObject({ status: "away" });
    expect(ada).not.toHaveProperty("data");
    await hold(room, "ada", { lease, idle: false });
    expect(await statusIn(room, "ada")).toBe("online");
  });

  it("[P1.3] that is unknown, ended or another's is a new one", async () => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    const bobs = (await hold(room, "bob", { lease })).lease;
    const unknown = (await hold(room, "cleo", { lease: "no-such-lease" })).lease;
    await giveUp(room, { lease });
    const next = (await hold(room, "ada", { lease })).lease;
    expect(new Set([lease, bobs, unknown, next, "no-such-lease"]).size).toBe(5);
    expect(await readRoom(room)).toMatchObject({ online: 3, connections: 3 });
  });

  it("[P1.4, L4.2] takes over a place in its grace, and leaves one to a socket", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const tab = await join(room, "ada");
    await bob.news();
    tab.close(4000);
    await tab.closed;
    const { lease } = await hold(room, "ada");
    expect((await giveUp(room, { lease, closing: true })).status).toBe(204);
    await join(room, "ada");
    expect(await bob.news()).toEqual([]);
    expect(await readRoom(room)).toMatchObject({ online: 2, connections: 2 });
  });

  it("[P1.5] ends with its session", async () => {
    const room = newRoom();
    const exp = Math.floor(Date.now() / 1000) + 12;
    const { lease, expiresAt } = await hold(room, "ada", {}, { exp });
    expect(expiresAt).toBe(new Date(exp * 1000).toISOString());
    const later = await hold(room, "ada", { lease });
    expect(later.lease).toBe(lease);
    expect(Date.parse(later.expiresAt)).toBeGreaterThan(exp * 1000);
  });
});

describe("a lease's end", () => {
  it("[P1.6, T3.2, M6.1] is taken over by a newer session, whole, and by no other", async () => {
    const room = newRoom();
    const now = Math.floor(Date.now() / 1000);
    const [old, newer] = [
      { iat: now - 60, exp: now + 3_600, name: "Ada" },
      { iat: now - 50, exp: now + 20, name: "Ada L." },
    ];
    const { lease, expiresAt } = await hold(room, "ada", {}, old);
    expect(Date.parse(expiresAt)).toBeGreaterThan((now + 20) * 1000);
    for (const claims of [newer, old, { ...newer, exp: now + 10, name: "A." }]) {
      const renewed = await hold(room, "ada", { lease }, claims);
      expect(renewed.lease).toBe(lease);
      expect(renewed.expiresAt).toBe(new Date((now + 20) * 1000).toISOString());
      expect((await readRoom(room)).members).toMatchObject([{ name: "Ada L.", connections: 1 }]);
    }
    vi.setSystemTime((now + 21) * 1000);
    await runAlarm(room);
    expect((await readRoom(room)).members).toMatchObject([{ status: "offline" }]);
  });

  it("[P1.5, T3.3] writes nothing for each check of a session that does not say when it was issued", async () => {
    const room = newRoom();
    vi.setSystemTime(Math.ceil(Date.now() / 45_000) * 45_000);
    const claims = { iat: undefined, sid: "s" };
    const { lease } = await hold(room, "ada", {}, claims);
    const before = await query(room, "SELECT places FROM members");
    for (let second = 1; second <= 5; second++) {
      passTime(1);
      await hold(room, "ada", { lease }, { ...claims, exp: Math.floor(Date.now() / 1000) + 3_600 });
    }
    expect(await query(room, "SELECT places FROM members")).toEqual(before);
    passTime(1);
    await hold(room, "ada", { lease }, { ...claims, sid: "other" });
    expect(JSON.stringify(await query(room, "SELECT places FROM members"))).toContain("other");
  });

  it("[P2.1] leaves at once, with no grace", async () => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    passTime(10);
    const answer = await giveUp(room, { lease });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    const [ada] = (await readRoom(room)).members;
    expect(ada).toMatchObject({ status: "offline", connections: 0 });
    expect(ada!.lastOnline).toBe(new Date().toISOString());
    expect((await giveUp(room, { lease })).status).toBe(204);
  });

  it("[P2.2] of a page that closes leaves the grace, after which the member is gone", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const { lease } = await hold(room, "ada");
    await bob.news();
    await giveUp(room, { lease, closing: true });
    expect(await bob.news()).toEqual([]);
    expect(await statusIn(room, "ada")).toBe("online");
    passTime(8.5);
    await runAlarm(room);
    expect(await statusIn(room, "ada")).toBe("offline");
  });

  it("[P2.1] of another's or of none changes nothing", async () => {
    const room = newRoom();
    await hold(room, "ada");
    expect((await giveUp(room, { lease: "guessed" })).status).toBe(204);
    expect(await statusIn(room, "ada")).toBe("online");
    const [{ places }] = (await query(room, "SELECT places FROM members")) as [{ places: string }];
    // The stored and logged id cannot end a lease.
    const [{ connection }] = JSON.parse(places) as [{ connection: string }];
    expect((await giveUp(room, { lease: connection })).status).toBe(204);
    expect(await statusIn(room, "ada")).toBe("online");
  });
});
