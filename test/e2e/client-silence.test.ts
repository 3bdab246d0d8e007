import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomHandle } from "../../src/client/index.ts";
import { entered, setUpFakes, sockets, soon, window } from "./fake-client.ts";

let room: RoomHandle;

setUpFakes();
beforeEach(async () => {
  room = await entered();
});

describe("a client that is probed", () => {
  it("[L2.1] answers by a ping, and a numbered probe by its number", () => {
    sockets[0]!.tell({ type: "probe" });
    expect(sockets[0]!).toMatchObject({ pings: [expect.any(Number)], frames: [] });
    sockets[0]!.tell({ type: "probe", n: 7 });
    expect(sockets[0]!.frames).toEqual([{ type: "alive", n: 7 }]);
    expect(sockets[0]!.pings).toHaveLength(1);
  });
});

describe("a client that hears nothing", () => {
  it("[K8.2] asks twice, and drops its socket for another; any word at all is enough", async () => {
    sockets[0]!.isMute = true;
    const at = Date.now();
    const pinged = () => sockets[0]!.pings.map((ping) => Math.round((ping - at) / 1_000));
    await vi.advanceTimersByTimeAsync(16_000);
    expect(pinged()).toEqual([15]);
    sockets[0]!.pong();
    await vi.advanceTimersByTimeAsync(15_000);
    sockets[0]!.tell({ type: "ack", id: "none" });
    await vi.advanceTimersByTimeAsync(18_000);
    expect(pinged()).toEqual([15, 30, 45, 49]);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_000);
    await soon();
    expect(sockets[0]!.closedWith).toBeUndefined();
    expect(sockets).toHaveLength(2);
    expect(room.getSnapshot().connection).toBe("reconnecting");
  });

  it.each(["online", "offline"])("[K8.2] looks at once when it is told: %s", async (event) => {
    sockets[0]!.isMute = true;
    window.dispatchEvent(new Event(event));
    await vi.advanceTimersByTimeAsync(7_000);
    expect(sockets[0]!.pings).toHaveLength(2);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await soon();
    expect(sockets).toHaveLength(2);
  });

  it("[K8.1] gives an attempt up after 10 s", async () => {
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(9_900);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    await soon();
    expect(sockets).toHaveLength(3);
    expect(sockets[1]!.closedWith).toBeUndefined();
  });
});
