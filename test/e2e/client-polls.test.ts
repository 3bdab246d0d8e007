import { describe, expect, it, vi } from "vitest";
import {
  asked,
  window,
  room,
  member,
  taken,
  soon,
  connection,
  polls,
  leaves,
  block,
  nextSocket,
  polling,
  replies,
  setUpPolling,
} from "./polling-client.ts";

setUpPolling();

describe("a client that polls", () => {
  it("[K12.1] ends its lease once a socket has given the room, and not before", async () => {
    await polling();
    const socket = await nextSocket();
    expect(connection()).toBe("polling");
    const states: string[] = [];
    room.subscribe(() => states.push(connection()));
    const before = polls().length;
    socket.welcome(member("ada"), member("bob"));
    await soon();
    expect(connection()).toBe("online");
    expect(states.every((state) => state === "online")).toBe(true);
    expect(leaves()).toMatchObject([{ method: "POST", body: { lease: "the-lease" } }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls()).toHaveLength(before);
    expect(leaves()).toHaveLength(1);
  });

  it("[K12.1] ends its lease after a poll that is on its way, which would make another", async () => {
    await polling();
    let arrive = () => {};
    replies.poll = () =>
      new Promise((resolve) => {
        arrive = () => resolve(taken());
      });
    const socket = await nextSocket();
    room.setStatus("busy");
    await soon();
    socket.welcome(member("ada"), member("bob", "busy"));
    const shown = room.getSnapshot().members;
    await soon();
    expect(leaves()).toEqual([]);
    arrive();
    await soon();
    expect(leaves()).toHaveLength(1);
    expect(room.getSnapshot().members).toBe(shown);
    expect(socket.frames).toMatchObject([{ type: "update", status: "busy" }]);
  });

  it("[K12.1, K4.3] ends its lease when it leaves", async () => {
    await polling();
    room.leave();
    await soon();
    expect(leaves()).toMatchObject([{ body: { lease: "the-lease" } }]);
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
  });

  it("[K12.2] says so by a beacon when its page goes, and polls again when that is back", async () => {
    const beacons: unknown[][] = [];
    vi.stubGlobal("navigator", { sendBeacon: (...beacon: unknown[]) => beacons.push(beacon) });
    await polling();
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    const url = new URL("https://presence.example.com/rooms/lobby/me/leave");
    expect(beacons).toEqual([[url, JSON.stringify({ lease: "the-lease", closing: true })]]);
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
    expect(connection()).toBe("reconnecting");

    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await soon();
    await block();
    expect(connection()).toBe("polling");
    expect(polls().at(-1)!.body).not.toHaveProperty("lease");
  });
});
