import { afterEach, describe, expect, it, vi } from "vitest";
import type { Member } from "../../../src/protocol/messages.ts";
import { askAs, readRoom } from "../../worker-kit/http.ts";
import { deltas, join, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart, runAlarm } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `members-${++rooms}`;

async function memberIn(room: string, id: string): Promise<Member | undefined> {
  return (await readRoom(room)).members.find((member) => member.id === id);
}

describe("status", () => {
  it("[M1] is online where any connection is not idle, else away, unless they chose one", async () => {
    const room = newRoom();
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    await desk.ask({ type: "idle", idle: true });
    expect((await memberIn(room, "ada"))?.status).toBe("online");
    await phone.ask({ type: "idle", idle: true });
    expect((await memberIn(room, "ada"))?.status).toBe("away");
    await phone.ask({ type: "update", status: "busy" });
    expect((await memberIn(room, "ada"))?.status).toBe("busy");
    await phone.ask({ type: "update", status: null });
    await desk.ask({ type: "idle", idle: false });
    expect((await memberIn(room, "ada"))?.status).toBe("online");
  });

  it("[M1, M4] the first connection brings a member online, the last one takes them offline, tabs between change the count alone", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const first = await join(room, "ada");
    const second = await join(room, "ada");
    await second.ask({ type: "leave" }).catch(() => {});
    await first.ask({ type: "leave" }).catch(() => {});
    const told = deltas(await watcher.news()).flatMap(({ set }) =>
      set.map(({ status, connections }) => [status, connections]),
    );
    expect(told.at(-1)).toEqual(["offline", 0]);
    expect(told.slice(0, -1).every(([status]) => status === "online")).toBe(true);
    expect((await memberIn(room, "ada"))?.connections).toBe(0);
  });

  it("[M2] a chosen status is shown on all tabs, and survives reconnects, hibernation and restarts", async () => {
    const room = newRoom();
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    await desk.ask({ type: "update", status: "busy" });
    expect(await phone.untilType("self")).toEqual({ type: "self", id: "ada", chosen: "busy" });
    await hibernate(room);
    expect((await memberIn(room, "ada"))?.status).toBe("busy");
    await restart(room);
    const back = await join(room, "ada");
    expect(welcomeOf(back).self).toEqual({ id: "ada", chosen: "busy" });
    await back.ask({ type: "update", status: null });
    expect((await memberIn(room, "ada"))?.status).toBe("online");
  });
});

describe("appearing offline", () => {
  it("[M3.1, M3.2] shows an absent member, in every list, and tells nobody otherwise", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "offline", data: { typing: true } });
    await watcher.news();
    const hidden = await memberIn(room, "ada");
    expect(hidden).toMatchObject({ status: "offline", connections: 0 });
    expect(hidden?.lastOnline).not.toBeNull();
    expect(hidden).not.toHaveProperty("data");
    const before = await readRoom(room);

    passTime(60);
    const secondTab = await join(room, "ada", {
      token: await signIn("ada", { name: "Countess" }),
    });
    await secondTab.ask({ type: "idle", idle: true });
    await secondTab.ask({ type: "update", data: { typing: false } });
    secondTab.close(4000);
    await ada.ask({ type: "update", status: "offline" });
    await ada.news();

    expect(await watcher.news()).toEqual([]);
    expect(await readRoom(room)).toEqual(before);
    expect(before.online).toBe(1);
    expect(before.connections).toBe(1);
    expect(ada.roll?.members.find(({ id }) => id === "ada")).toEqual(hidden);
    expect(welcomeOf(secondTab).self).toEqual({ id: "ada", chosen: "offline" });
  });

  it("[M3.3, M6.1] showing themselves again shows all that is new at once", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "offline" });
    await join(room, "ada", { token: await signIn("ada", { name: "Countess" }) });
    expect((await memberIn(room, "ada"))?.name).toBe("ada");
    await hibernate(room);
    await ada.ask({ type: "update", status: null });
    expect(await memberIn(room, "ada")).toMatchObject({
      name: "Countess",
      status: "online",
      connections: 2,
      lastOnline: null,
    });
  });

  it("[M3.2, L5.3] the entry leaves the list after the retention, the choice stays while a connection lives", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "offline" });
    await watcher.news();
    passTime(86_401);
    await runAlarm(room);
    expect((await readRoom(room)).members.map(({ id }) => id)).not.toContain("ada");
    expect(await query(room, "SELECT chosen FROM members WHERE id = 'ada'")).toEqual([
      { chosen: "offline" },
    ]);
  });
});

describe("data and profile", () => {
  it("[M5.1] data lives while the member is not offline, and does not come back", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", data: { typing: true } });
    expect((await memberIn(room, "ada"))?.data).toEqual({ typing: true });
    await ada.ask({ type: "update", status: "offline" });
    await ada.ask({ type: "update", status: "online" });
    expect(await memberIn(room, "ada")).not.toHaveProperty("data");
    await ada.ask({ type: "update", data: { typing: true } });
    await ada.ask({ type: "update", data: null });
    expect(await memberIn(room, "ada")).not.toHaveProperty("data");
    await ada.ask({ type: "update", data: { typing: true } });
    await ada.ask({ type: "leave" });
    await join(room, "ada");
    expect(await memberIn(room, "ada")).not.toHaveProperty("data");
  });

  it("[M5.2] idle belongs to a connection, and a new one is not idle", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "idle", idle: true });
    expect((await memberIn(room, "ada"))?.status).toBe("away");
    await join(room, "ada");
    expect((await memberIn(room, "ada"))?.status).toBe("online");
  });

  it("[M5.3, L4.2] who was away and reconnects as idle looks away all the time", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    await ada.ask({ type: "idle", idle: true });
    await watcher.news();
    ada.close(4000);
    await ada.closed;
    const again = await join(room, "ada", { query: "?idle=true" });
    expect((await memberIn(room, "ada"))?.status).toBe("away");
    expect(await watcher.news()).toEqual([]);
    await again.ask({ type: "idle", idle: false });
    expect((await memberIn(room, "ada"))?.status).toBe("online");
  });

  it("[M6.1, M6.2] name and picture come from the newest session alone, and roles are never shown", async () => {
    const room = newRoom();
    const now = Math.floor(Date.now() / 1000);
    const newer = await signIn("ada", {
      name: "Ada L.",
      picture: "https://img.example.com/ada.png",
      roles: ["secret-role"],
      iat: now,
    });
    const watcher = await join(room, "watcher");
    await join(room, "ada", { token: newer });
    await join(room, "ada", { token: await signIn("ada", { name: "Old", iat: now - 60 }) });
    expect(await memberIn(room, "ada")).toMatchObject({
      name: "Ada L.",
      image: "https://img.example.com/ada.png",
      connections: 2,
    });
    await join(room, "ada", { token: await signIn("ada", { name: "Newest", iat: now + 1 }) });
    const member = await memberIn(room, "ada");
    expect(member?.name).toBe("Newest");
    expect(member).not.toHaveProperty("image");
    await watcher.news();
    const everything = JSON.stringify([watcher.frames, watcher.roll, await readRoom(room)]);
    expect(everything).not.toContain("secret-role");
    expect((await askAs("reader", `/rooms/${room}`)).status).toBe(200);
  });
});
