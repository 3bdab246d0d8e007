import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { join } from "../../worker-kit/peer.ts";
import { heardBy, settleSignals, signalsOf, untilSignal } from "../../worker-kit/signals.ts";
import { roomStub } from "../../worker-kit/time.ts";
import { framesOf, openWindow, settle } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `signals-hidden-${++rooms}`;

/** Lets a user's frames arrive at the same moment, however slow the machine is. */
async function sendAtOnce(room: string, user: string, frames: object[]): Promise<void> {
  vi.setSystemTime(Date.now());
  await runInDurableObject(roomStub(room), (instance, state) => {
    const isTheirs = (ws: WebSocket) => String(ws.deserializeAttachment()).includes(`"${user}"`);
    const ws = state.getWebSockets().find(isTheirs)!;
    const object = instance as unknown as DurableObject;
    for (const frame of frames) void object.webSocketMessage!(ws, JSON.stringify(frame));
  });
  vi.useRealTimers();
}

describe("who cannot signal", () => {
  it("[G3.1] a member who appears offline, until they show themselves", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await ada.ask({ type: "update", status: "offline" });
    ada.send({ type: "signal", name: "hidden", id: "h" });
    expect(await ada.untilType("error")).toMatchObject({ code: "hidden", id: "h" });
    await ada.ask({ type: "update", status: null });
    ada.send({ type: "signal", name: "shown" });
    await untilSignal(bob, "shown");
    expect(heardBy(bob)).toHaveLength(1);
  });

  it("[G3.1, S1.3] a watcher", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const eve = await openWindow(room, "eve");
    eve.send({ type: "signal", name: "watched", id: "w" });
    expect(await eve.untilType("error")).toMatchObject({ code: "not_present", id: "w" });
    const bob = await join(room, "bob");
    await settleSignals(bob, ada);
    expect(heardBy(ada)).toEqual([]);
  });

  it("[G3.2, M3.3] whoever hides or leaves while their signal waits to be sent", async () => {
    for (const frame of [{ type: "update", status: "offline" }, { type: "leave" }]) {
      const room = newRoom();
      await join(room, "ada");
      const bob = await join(room, "bob");
      const signal = { type: "signal", name: "sent" };
      // The first is sent at once; the second would be sent with the next.
      await sendAtOnce(room, "ada", [signal, { ...signal, name: "waiting" }, frame]);
      await untilSignal(bob, "sent");
      await bob.until(() => bob.roll!.online === 1);
      const eve = await join(room, "eve");
      await settleSignals(eve, bob);
      expect(heardBy(bob).map(({ name }) => name)).toEqual(["sent"]);
    }
  });

  it("[G2.1] those that are gathered come in the order in which each name was sent last", async () => {
    const room = newRoom();
    await join(room, "ada");
    const bob = await join(room, "bob");
    const frames = ["first", "a", "b", "a"].map((name, data) => ({ type: "signal", name, data }));
    await sendAtOnce(room, "ada", frames);
    await untilSignal(bob, "a");
    expect(heardBy(bob).map(({ name, data }) => [name, data])).toEqual([
      ["first", 0],
      ["b", 2],
      ["a", 3],
    ]);
  });

  it("[G3.2] those who hide hear signals, and the sender is told nothing", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await bob.ask({ type: "update", status: "offline" });
    await ada.until(() => ada.roll!.online === 1);
    ada.frames.splice(0);
    ada.send({ type: "signal", name: "there?", to: ["bob", "nobody"], id: "t" });
    await untilSignal(bob, "there?");
    await settle(ada);
    expect(signalsOf(ada)).toEqual([]);
    expect(framesOf(ada, "ack")).toHaveLength(1);
    expect(ada.frames).toHaveLength(1);
  });
});
