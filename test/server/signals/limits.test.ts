import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SignalLimit } from "../../../src/server/room/signals/signal-limit.ts";
import { Signals, signalGatherMs } from "../../../src/server/room/signals/signals.ts";
import { SignalTexts } from "../../../src/server/room/signals/signal-texts.ts";
import type { Connection } from "../../../src/server/room/connections/connection.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { heardBy, settleSignals, signalOf } from "../../worker-kit/signals.ts";
import { passTime } from "../../worker-kit/time.ts";
import { framesOf, openWindow, settle } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `signal-limits-${++rooms}`;
const errorsOf = (peer: Peer) => framesOf(peer, "error") as { code: string; id?: string }[];

describe("signals", () => {
  it("[G2.1] of one name that are gathered are the last one", async () => {
    const room = newRoom();
    const [ada, bob, eve] = await Promise.all(["ada", "bob", "eve"].map((id) => join(room, id)));
    // The time stands still, so all but the first are gathered, however slow the machine is.
    vi.setSystemTime(Date.now());
    for (let n = 0; n < 60; n++) {
      ada!.send({ type: "signal", name: "a", data: n });
      ada!.send({ type: "signal", name: "b", data: n });
      bob!.send({ type: "signal", name: "a", data: n });
    }
    for (const peer of [ada, bob]) peer!.send({ type: "signal", name: "end" });
    await Promise.all([settle(ada!), settle(bob!)]);
    passTime(1);
    await settle(ada!);
    await eve!.until(() => heardBy(eve!).filter(({ name }) => name === "end").length === 2);
    const heard = heardBy(eve!);
    for (const last of [
      signalOf(ada!, "a", 59),
      signalOf(ada!, "b", 59),
      signalOf(bob!, "a", 59),
    ]) {
      expect(heard).toContainEqual(last);
    }
    expect(heard.length).toBeLessThanOrEqual(6);
    for (const frame of framesOf(eve!, "signals") as { signals: object[] }[]) {
      const keys = frame.signals.map((signal) => JSON.stringify({ ...signal, data: null }));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it("[G2.1] are gathered for 33 ms to 1 s, by how much is sent to how many", () => {
    expect(signalGatherMs(1, 100)).toBe(33);
    expect(signalGatherMs(300, 1_000)).toBe(33);
    expect(signalGatherMs(1_000, 1_000)).toBe(100);
    expect(signalGatherMs(30, 1_000_000)).toBeGreaterThan(100);
    expect(signalGatherMs(32_000, 8_000)).toBe(1_000);
  });

  it("[G2.3] are limited to 150 in 5 s, and told so once a second", () => {
    const limit = new SignalLimit();
    let now = 1_000_000;
    const accepted = () => Array.from({ length: 300 }, () => limit.accepts(now)).filter(Boolean);
    expect(accepted()).toHaveLength(150);
    expect([limit.answers(now), limit.answers(now), limit.answers(now + 999)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(limit.ignores(now + 999)).toBe(true);
    expect(limit.ignores(now + 1_000)).toBe(false);
    expect(limit.answers(now + 1_000)).toBe(true);
    now += 4_999;
    expect(accepted()).toHaveLength(0);
    now += 1;
    expect(accepted()).toHaveLength(150);
    // The clock is set back.
    now -= 3_600_000;
    expect(accepted()).toHaveLength(150);
    expect(limit.answers(now)).toBe(true);
    // A flood is over when its signals are 5 s old, whenever it was answered last.
    expect(limit.answers(now + 4_500)).toBe(true);
    expect([limit.ignores(now + 4_999), limit.ignores(now + 5_000)]).toEqual([true, false]);
  });

  it("[G2.3] that begin otherwise are read 20 times in 5 s when they are too many", () => {
    const limit = new SignalLimit();
    const reads = (now: number) =>
      Array.from({ length: 30 }, () => limit.reads(now)).filter(Boolean);
    expect(reads(1_000_000)).toHaveLength(20);
    expect(reads(1_004_999)).toHaveLength(0);
    expect(reads(1_005_000)).toHaveLength(20);
    // The clock is set back.
    expect(reads(0)).toHaveLength(20);
  });

  it("[G2.3] beyond the limit are dropped, and never close the connection", async () => {
    const room = newRoom();
    vi.setSystemTime(Date.now());
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    for (let second = 0; second < 4; second++) {
      for (let n = 0; n < 200; n++) ada.send({ type: "signal", name: "cursor", data: n });
      await settle(ada);
      passTime(1);
    }
    const errors = errorsOf(ada);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["rate_limited"]));
    expect(errors).toHaveLength(4);
    // However it begins; what only looks like a signal is read.
    const disguised = { name: "cursor", data: 0, type: "signal" };
    for (let n = 0; n < 10; n++) ada.send(disguised);
    await ada.ask({ type: "update", data: { like: "signal" } });
    for (let n = 0; n < 200; n++) ada.send(disguised);
    await settle(ada);
    // Other frames are free of it, and the other way round.
    for (let n = 0; n < 3; n++) await ada.ask({ type: "update", data: { n } });
    passTime(10);
    await settleSignals(ada, bob);
  });

  it("[G2.4] beyond what a room may gather are dropped", () => {
    const signals = new Signals();
    const connection = { id: "c" } as Connection;
    const put = (name: string, length: number, connections: number) =>
      signals.put(
        connection,
        "ada",
        { type: "signal", name, data: "x".repeat(length) },
        connections,
      );
    expect(put("a", 900, 10_000)).toBe(true);
    expect(put("b", 900, 10_000)).toBe(true);
    expect(put("c", 900, 10_000)).toBe(false);
    expect(put("a", 901, 10_000)).toBe(true);
    expect(put("c", 900, 1_000)).toBe(true);
    let taken = 0;
    while (put(`many-${taken}`, 900, 100)) taken++;
    expect(taken).toBeGreaterThan(70);
    expect(taken).toBeLessThan(90);
  });

  it("[G2.5] are not sent to a connection that does not read, until it does", async () => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const eve = await openWindow(room, "eve");
    eve.reads = false;
    const data = "x".repeat(950);
    let from = 0;
    for (let sender = 0; sender < 6; sender++) {
      const ada = await join(room, `ada-${sender}`);
      for (let n = 0; n < 140; n++) ada.send({ type: "signal", name: `n-${from++}`, data });
      await settle(ada);
      await settleSignals(ada, bob);
    }
    expect(heardBy(bob)).toHaveLength(from);
    await settle(eve);
    const heard = heardBy(eve).length;
    expect(heard).toBeGreaterThan(300);
    expect(heard).toBeLessThan(from);
    const probe = framesOf(eve, "probe").at(-1) as { n: number };
    await eve.ask({ type: "alive", n: probe.n });
    await settleSignals(bob, eve);
  });
});

it("[G2.1, V2.1] a storm of signals keeps nobody's presence from the others", async () => {
  const room = newRoom();
  const bob = await join(room, "bob");
  const crowd = await Promise.all(Array.from({ length: 30 }, (_, n) => join(room, `ada-${n}`)));
  for (let n = 0; n < 50; n++) {
    const frame = { type: "signal", name: `s-${n}`, data: "x".repeat(900) };
    for (const ada of crowd) ada.send(frame);
  }
  bob.send({ type: "update", status: "busy" });
  const isBusy = (peer: Peer) => peer.roll!.members.some(({ status }) => status === "busy");
  await Promise.all([bob, ...crowd].map((peer) => peer.until(() => isBusy(peer))));
  for (const peer of [bob, ...crowd]) expect(errorsOf(peer)).toEqual([]);
  expect(heardBy(bob).length).toBeGreaterThan(0);
});

describe("one sending", () => {
  const receiver = fc.nat({ max: 5 });
  const signal = fc.record({
    from: receiver,
    to: fc.option(fc.uniqueArray(receiver, { maxLength: 4 })),
  });

  it("[G1.1, G2.2] gives everybody exactly what others sent them", () => {
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 20, size: "max" }), (sent) => {
        const texts = new SignalTexts<string>();
        const all = sent.map((each, n) => ({ ...each, text: JSON.stringify({ n }) }));
        for (let from = 0; from < 6; from++) {
          const own = all.filter((each) => each.from === from);
          const open = own.filter(({ to }) => to === null).map(({ text }) => text);
          texts.add(String(from), open);
          for (const { to, text } of own) {
            if (to !== null) texts.addFor(to.map(String), String(from), text);
          }
        }
        const isReached = (id: number) =>
          texts.isForAll || [...texts.receivers].includes(String(id));
        for (let id = 0; id < 6; id++) {
          const meant = all.filter(({ from, to }) => from !== id && (to?.includes(id) ?? true));
          const got = isReached(id) ? texts.for(String(id)) : null;
          const { signals } = JSON.parse(got ?? '{"signals":[]}') as { signals: object[] };
          const sorted = (some: object[]) => some.map((each) => JSON.stringify(each)).toSorted();
          expect(sorted(signals)).toEqual(meant.map(({ text }) => text).toSorted());
        }
      }),
    );
  });

  it("[G2.2] is one text for all who get the same", () => {
    const texts = new SignalTexts<string>();
    texts.add("ada", ['{"n":1}']);
    expect(texts.for("bob")).toBe(texts.for("eve"));
    expect(texts.for("ada")).toBeNull();
  });
});
