import { describe, expect, it, vi } from "vitest";
import type { JoinOptions, RoomHandle } from "../../src/client/index.ts";
import type { ClientFrame } from "../../src/protocol/messages.ts";
import { signals } from "../../src/signals/index.ts";
import { ada, bob, enter, entered, last, page, setUpFakes, sockets, soon } from "./fake-client.ts";

setUpFakes();

type SignalFrame = Extract<ClientFrame, { type: "signal" }>;
/** The signals that the room has received on the latest socket, since the last call. */
const sent = () =>
  last()
    .frames.splice(0)
    .filter((frame): frame is SignalFrame => frame.type === "signal");
const named = (frames: SignalFrame[]) => frames.map(({ name, data }) => `${name} ${String(data)}`);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const entering = (options: JoinOptions = {}) => entered({ signals, ...options });

describe("room.signal", () => {
  it("[K30.3] sends the first at once, then of each name the last, 25 a second, in turns", async () => {
    const room = await entering();
    room.signal("a", 1);
    expect(named(sent())).toEqual(["a 1"]);
    for (let n = 2; n < 6; n++) {
      room.signal("a", n);
      room.signal("b", n);
    }
    expect(named(sent())).toEqual([]);
    await pass(40);
    expect(named(sent())).toEqual(["a 5"]);
    room.signal("a", 6);
    await pass(40);
    expect(named(sent())).toEqual(["b 5"]);
    await pass(200);
    expect(named(sent())).toEqual(["a 6"]);
    for (let ms = 0; ms < 5_000; ms += 5) {
      room.signal("a", ms);
      await pass(5);
    }
    await pass(40);
    const all = named(sent());
    expect(all.length).toBeLessThanOrEqual(127);
    expect(all.at(-1)).toBe("a 4995");
  });

  it("[K30.1, K30.3] shares the limit of a connection among its handles", async () => {
    const first = await entering();
    const plain = enter();
    const second = enter({ signals });
    await soon();
    expect(sockets).toHaveLength(1);
    first.signal("a", 1);
    second.signal("b", 1);
    second.signal("a", 2);
    expect(named(sent())).toEqual(["a 1"]);
    await pass(200);
    expect(named(sent())).toEqual(["b 1", "a 2"]);
    expect(() => plain.signal("a")).toThrow(new TypeError("signal: no signals."));
  });

  it("[K30.1, G1.5] works for a handle that comes to a connection that others have opened", async () => {
    await entered();
    const late = enter({ signals });
    await soon();
    late.signal("a");
    expect(sent()).toEqual([{ type: "signal", name: "a" }]);
  });

  it("[K30.2] throws at what the room would refuse, and takes what it takes", async () => {
    const room = await entering();
    const ids = Array.from({ length: 101 }, (_, n) => `user-${n}`);
    const bad: Parameters<RoomHandle["signal"]>[] = [
      [""],
      ["x".repeat(65)],
      // Without types, an app may pass anything.
      [7 as unknown as string],
      [["x"] as unknown as string],
      ["a", "x".repeat(1_000)],
      ["a", null, { to: ids }],
      ["a", null, { to: [".."] }],
      ["a", null, { to: Array.from({ length: 100 }, (_, n) => `${"名".repeat(100)}${n}`) }],
    ];
    for (const args of bad) expect(() => room.signal(...args)).toThrow(TypeError);
    room.signal("x".repeat(64), "y".repeat(900), { to: new Set([...ids.slice(1), "user-7"]) });
    expect(sent()).toMatchObject([{ to: { length: 100 } }]);
    const watcher = enter({ signals, present: false });
    await soon();
    expect(() => watcher.signal("a")).toThrow(TypeError);
  });

  it("[K30.4] sends nothing while the page is hidden, and nothing of it later", async () => {
    const room = await entering();
    page.visibilityState = "hidden";
    room.signal("a", 1);
    await pass(100);
    page.visibilityState = "visible";
    room.signal("a", 2);
    expect(named(sent())).toEqual(["a 2"]);
    room.signal("a", 3);
    page.visibilityState = "hidden";
    await pass(100);
    page.visibilityState = "visible";
    await pass(1_000);
    expect(sent()).toEqual([]);
  });

  it("[K30.4] sends nothing while there is no connection, while hiding, and after leaving", async () => {
    const room = enter({ signals });
    room.signal("a", "connecting");
    await soon();
    last().welcome(ada, bob);
    await pass(100);
    expect(sent()).toEqual([]);
    room.setStatus("offline");
    room.signal("a", "hiding");
    await pass(1_000);
    expect(sent()).toEqual([]);
    room.setStatus(null);
    room.signal("a", "shown");
    await pass(1_000);
    expect(named(sent())).toEqual(["a shown"]);
    const before = last();
    before.end(1006, "");
    room.signal("a", "reconnecting");
    await soon();
    last().welcome(ada, bob);
    await pass(100);
    expect(sent()).toEqual([]);
    room.leave();
    room.signal("a", "left");
    await pass(100);
    expect(sent()).toEqual([]);
  });

  it("[K30.4, K18.1] sends nothing to a service without SIGNALS, and says so once", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const room = enter({ signals });
    await soon();
    last().takesSignals = false;
    last().welcome(ada, bob);
    for (let n = 0; n < 20; n++) {
      room.signal("a", n);
      await pass(50);
    }
    expect(sent()).toEqual([]);
    expect(warned.mock.calls).toEqual([
      ["Rollcall: This service takes no signals. Check SIGNALS."],
    ]);
  });
});

it("[K15.5] room.on gives the signals of others, one at a time, without the option", async () => {
  const room = await entered();
  const heard: unknown[] = [];
  const end = room.on("signal", (signal) => heard.push(signal));
  const signal = (name: string) => ({ from: "bob", connection: "c2", name, data: { x: 1 } });
  last().tell({ type: "signals", signals: [signal("a"), signal("b")] });
  expect(heard).toEqual([signal("a"), signal("b")]);
  end();
  last().tell({ type: "signals", signals: [signal("c")] });
  expect(heard).toHaveLength(2);
});
