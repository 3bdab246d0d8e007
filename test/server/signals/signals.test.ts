import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, readRoom } from "../../worker-kit/http.ts";
import { join, Peer, welcomeOf } from "../../worker-kit/peer.ts";
import {
  heardBy,
  settleSignals,
  signalOf,
  signalsOf,
  untilSignal,
} from "../../worker-kit/signals.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { alarmOf, hibernate, query } from "../../worker-kit/time.ts";
import { framesOf, openWindow, settle } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `signals-${++rooms}`;

describe("a signal", () => {
  it("[G1.1] reaches every other connection in the room, the sender's other tabs too", async () => {
    const room = newRoom();
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    const bob = await join(room, "bob");
    desk.send({ type: "signal", name: "cursor", data: { x: 0.5, y: [1, null] } });
    desk.send({ type: "signal", name: "bare" });
    for (const peer of [phone, bob]) {
      await untilSignal(peer, "bare");
      expect(signalsOf(peer)).toEqual([
        signalOf(desk, "cursor", { x: 0.5, y: [1, null] }),
        signalOf(desk, "bare"),
      ]);
    }
    await settle(desk);
    expect(signalsOf(desk)).toEqual([]);
  });

  it("[G1.1, G1.2] reaches only the users in `to`, whoever they are, and nobody if it is empty", async () => {
    const room = newRoom();
    const desk = await join(room, "ada");
    const phone = await join(room, "ada");
    const bob = await join(room, "bob");
    const eve = await join(room, "eve");
    desk.send({ type: "signal", name: "one", to: ["bob", "bob", "nobody"] });
    desk.send({ type: "signal", name: "own", to: ["ada"] });
    desk.send({ type: "signal", name: "none", to: [] });
    bob.send({ type: "signal", name: "all" });
    await settle(desk);
    await settleSignals(bob, desk, phone, eve);
    await settleSignals(eve, bob);
    expect(heardBy(bob).map(({ name }) => name)).toEqual(["one"]);
    expect(
      heardBy(phone)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["all", "own"]);
    for (const peer of [desk, eve]) {
      expect(heardBy(peer).map(({ name }) => name)).toEqual(["all"]);
    }
  });

  it("[G1.2] of another shape is a bad message, and no part of it is sent", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const bad = [
      {},
      { name: "" },
      { name: "x".repeat(65) },
      { name: "x".repeat(1024), to: ["bob"] },
      { name: 7 },
      { name: "a", data: "x".repeat(1_000) },
      { name: "a", data: "x".repeat(1_000_000) },
      { name: "a", to: Array.from({ length: 101 }, (_, n) => `user-${n}`) },
      { name: "a", to: Array.from({ length: 10_000 }, (_, n) => `user-${n}`) },
      { name: "a", to: ["bob", ".."] },
      { name: "a", to: "bob" },
    ];
    const ada = await join(room, "ada");
    const senders = [ada, await join(room, "ada")];
    for (const [n, frame] of bad.entries()) {
      // The tenth of one connection would close it.
      const sender = senders[n % 2]!;
      sender.frames.splice(0);
      sender.send({ type: "signal", ...frame, id: "s" });
      await settle(sender);
      expect(framesOf(sender, "error")).toMatchObject([{ code: "bad_message" }]);
    }
    await settleSignals(ada, bob);
    expect(heardBy(bob)).toEqual([]);
  });

  it("[G1.2] may be as long as the rule says", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    const name = "名".repeat(64);
    const empty = JSON.stringify({ type: "signal", name, data: "" });
    const length = 1024 - new TextEncoder().encode(empty).length;
    const data = "x".repeat(length);
    const to = ["bob", ...Array.from({ length: 99 }, (_, n) => `${"u".repeat(110)}${n}`)];
    ada.send({ type: "signal", name, data });
    expect(await untilSignal(bob, name)).toEqual(signalOf(ada, name, data));
    ada.send({ type: "signal", name, data: data.replace("x", "y"), to });
    await bob.until(() => signalsOf(bob).length === 2);
    await settle(ada);
    ada.send({ type: "signal", name, data: `${data}x`, to, id: "long" });
    expect(await ada.untilType("error")).toMatchObject({ code: "bad_message" });
  });

  it("[G1.3] is heard in windows and by watchers with a session, and not by strangers", async () => {
    const room = `public-signals-${++rooms}`;
    const ada = await join(room, "ada");
    const window = await join(room, "bob", { query: "?view=window&limit=0" });
    const watcher = await openWindow(room, "eve");
    const path = `/rooms/${room}?present=false&view=window`;
    const opened = await ask(path, { headers: { Upgrade: "websocket" } });
    const stranger = new Peer(opened.webSocket!);
    await stranger.untilType("snapshot");
    ada.send({ type: "signal", name: "cursor", data: 1 });
    ada.send({ type: "signal", name: "secret", data: 2, to: ["eve"] });
    await untilSignal(watcher, "secret");
    await settleSignals(ada, window, watcher);
    expect(heardBy(watcher).map(({ name }) => name)).toEqual(["cursor", "secret"]);
    expect(heardBy(window).map(({ name }) => name)).toEqual(["cursor"]);
    await settle(stranger);
    expect(signalsOf(stranger)).toEqual([]);
  });

  it("[G1.3, W2] is not heard before the first state", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn("bob")}` };
    const opened = await ask(`/rooms/${room}?view=window&watch=later`, { headers });
    const bob = new Peer(opened.webSocket!);
    const eve = await join(room, "eve");
    await settleSignals(ada, eve);
    await settle(bob);
    expect(signalsOf(bob)).toEqual([]);
    bob.send({ type: "watch", add: ["ada"] });
    await bob.untilType("snapshot");
    await settleSignals(ada, bob);
    expect(bob.frames.map((frame) => frame !== "pong" && frame.type)).toEqual(
      expect.arrayContaining(["welcome", "snapshot", "signals"]),
    );
  });

  it("[G1.4] writes no row, moves no version, and lets the room hibernate", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await settle(ada);
    const rows = "SELECT * FROM members ORDER BY id";
    const [before, stored, alarm] = [
      await readRoom(room),
      await query(room, rows),
      await alarmOf(room),
    ];
    for (let n = 0; n < 20; n++) ada.send({ type: "signal", name: "cursor", data: n, id: "s" });
    await settleSignals(ada, bob);
    expect(framesOf(ada, "ack").filter((frame) => "id" in (frame as object))).not.toContainEqual(
      expect.objectContaining({ id: "s" }),
    );
    expect(await readRoom(room)).toEqual(before);
    expect(await query(room, rows)).toEqual(stored);
    expect(await alarmOf(room)).toBe(alarm);
    // A pending timer would make this fail.
    await hibernate(room);
    await settleSignals(bob, ada);
  });

  it("[G1.5] is announced in the welcome of a member, and not of a watcher", async () => {
    const room = newRoom();
    expect(welcomeOf(await join(room, "ada")).signals).toBe(true);
    expect(welcomeOf(await openWindow(room, "eve"))).not.toHaveProperty("signals");
  });
});
