import { describe, expect, it, vi } from "vitest";
import { ada, bob, entered, last, page, setUpFakes, soon, window } from "./fake-client.ts";

setUpFakes();

describe("changes", () => {
  it("[K6.1] are sent at once, then gathered, within what the room takes", async () => {
    const handle = await entered();
    for (let typed = 0; typed < 250; typed++) {
      handle.setData({ typed });
      await vi.advanceTimersByTimeAsync(20);
    }
    const updates = last().frames.filter(({ type }) => type === "update");
    expect(updates[0]).toMatchObject({ data: { typed: 0 } });
    expect(updates.length).toBeGreaterThan(10);
    // SPEC W12, with some to spare for other frames.
    expect(updates.length).toBeLessThanOrEqual(17);
    await vi.advanceTimersByTimeAsync(300);
    expect(last().frames.at(-1)).toMatchObject({ data: { typed: 249 } });
  });

  it("[K6.1] made while there is no connection are kept, the last of each", async () => {
    const handle = await entered();
    last().end(1006, "");
    handle.setStatus("busy");
    handle.setData({ typed: 1 });
    handle.setStatus("away");
    await soon();
    expect(last().frames).toEqual([]);
    last().welcome(ada);
    expect(last().frames).toEqual([
      { type: "update", status: "away", data: { typed: 1 }, id: expect.any(String) },
    ]);
  });

  it("[K6.1] are sent again until they are acknowledged, and then no more", async () => {
    const handle = await entered();
    handle.setStatus("busy");
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    const [update] = last().frames;
    expect(update).toMatchObject({ status: "busy" });
    last().tell({ type: "ack", id: update!.id! });
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().frames).toEqual([]);
  });

  it("[K6.6] that the room may have dropped are sent again in 5 s, and nothing before", async () => {
    const handle = await entered({ idleAfterMs: 60_000 });
    const limited = { type: "error", code: "rate_limited", message: "Too many." } as const;
    handle.setStatus("busy");
    await vi.advanceTimersByTimeAsync(300);
    handle.setData({ typed: 1 });
    const [, update] = last().frames;
    last().tell(limited);
    // That of a later frame says nothing of an earlier one.
    last().tell({ type: "ack", id: update!.id! });
    const before = last().frames.length;
    await vi.advanceTimersByTimeAsync(1_000);
    handle.setData({ typed: 2 });
    last().tell(limited);
    await vi.advanceTimersByTimeAsync(3_999);
    expect(last().frames.slice(before)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    const again = last().frames.slice(before);
    expect(again).toEqual([
      { type: "idle", idle: false },
      { type: "update", status: "busy", data: { typed: 2 }, id: expect.any(String) },
    ]);
    last().tell({ type: "ack", id: again[1]!.id! });
    expect(handle.getSnapshot().error).toBeNull();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(last().frames.slice(before)).toEqual(again);
  });

  it("[K6.6, W5] that do not fit are answered with a request again where the room may have dropped the first", async () => {
    await entered();
    const counts = { online: 2, connections: 2 };
    const change = (from: number) =>
      last().tell({
        type: "delta",
        epoch: "e",
        from,
        version: from + 1,
        ...counts,
        set: [],
        gone: [],
      });
    change(7);
    change(8);
    expect(last().frames).toEqual([{ type: "sync" }]);
    last().tell({ type: "error", code: "rate_limited", message: "Too many." });
    change(9);
    expect(last().frames).toEqual([{ type: "sync" }, { type: "sync" }]);
  });

  it("[K6.6] that the room may have dropped are sent at once over a new connection", async () => {
    const handle = await entered();
    handle.setStatus("busy");
    last().tell({ type: "error", code: "rate_limited", message: "Too many." });
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    expect(last().frames).toMatchObject([{ type: "update", status: "busy" }]);
    handle.setStatus("away");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().frames[1]).toMatchObject({ status: "away" });
  });

  it("[K6.2] of the status are shown to oneself at once, and gone where they are refused", async () => {
    const handle = await entered();
    handle.setStatus("busy");
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: "busy" });
    expect(handle.getSnapshot().members[0]).toEqual(ada);
    last().end(1006, "");
    await soon();
    last().welcome(ada);
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: "busy" });
    const { id } = last().frames[0]!;
    last().tell({ type: "error", code: "bad_message", message: "No.", ...(id && { id }) });
    expect(handle.getSnapshot().self).toEqual({ id: "ada", chosen: null });
  });

  it("[K6.5] that one person made are never sent as another's", async () => {
    const handle = await entered();
    last().tell({ type: "ack", id: "none" });
    handle.setStatus("busy");
    last().end(1006, "");
    handle.setData({ typed: 1 });
    await soon();
    last().welcomeAs("bob", ada, bob);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last().frames).toEqual([]);
    expect(handle.getSnapshot().self).toEqual({ id: "bob", chosen: null });
    handle.setStatus("away");
    expect(last().frames).toMatchObject([{ status: "away" }]);
  });

  it("[K6.4] of the data that no room would take throw, and change nothing", async () => {
    const handle = await entered();
    const euros = (count: number) => ({ text: "€".repeat(count) });
    // 11 bytes around it, 3 each.
    for (const bad of ["text", 5, [1], true, undefined, () => {}, euros(338), new Date()]) {
      expect(() => handle.setData(bad as never)).toThrow(TypeError);
    }
    expect(last().frames).toEqual([]);
    handle.setData(euros(337));
    await vi.advanceTimersByTimeAsync(300);
    handle.setData(null);
    expect(last().frames).toMatchObject([{ data: euros(337) }, { data: null }]);
  });

  it("[K6.3] that are acknowledged take the error of earlier ones away", async () => {
    const handle = await entered();
    handle.setData({ typed: 1 });
    const refused = { type: "error", code: "bad_message", message: "No." } as const;
    last().tell({ ...refused, id: last().frames[0]!.id! });
    const { connection, error } = handle.getSnapshot();
    expect([connection, error]).toEqual(["online", { code: "bad_message", message: "No." }]);
    await vi.advanceTimersByTimeAsync(1_000);
    handle.setData({ typed: 2 });
    expect(handle.getSnapshot().error).not.toBeNull();
    last().tell({ type: "ack", id: last().frames[1]!.id! });
    expect(handle.getSnapshot().error).toBeNull();
  });
});

describe("a person", () => {
  const idling = () =>
    last().frames.flatMap((frame) => (frame.type === "idle" ? [frame.idle] : []));

  it("[K10.1] is away after no input for a while, and back at the first", async () => {
    await entered({ idleAfterMs: 10_000 });
    for (const type of ["pointermove", "keydown", "wheel", "touchmove", "pointerdown"]) {
      await vi.advanceTimersByTimeAsync(9_000);
      window.dispatchEvent(new Event(type));
    }
    await vi.advanceTimersByTimeAsync(9_900);
    expect(idling()).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(idling()).toEqual([true]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(idling()).toEqual([true]);
    window.dispatchEvent(new Event("keydown"));
    expect(idling()).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(idling()).toEqual([true, false, true]);
  });

  it("[K10.1] is away in a hidden tab too, and back when they turn to it", async () => {
    await entered({ idleAfterMs: 10_000 });
    await vi.advanceTimersByTimeAsync(9_000);
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(idling()).toEqual([true]);
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    expect(idling()).toEqual([true, false]);
  });

  it("[K10.2, M5.3] who is away says so when they reconnect, and when they came back meanwhile", async () => {
    await entered({ idleAfterMs: 10_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    last().end(1006, "");
    await soon();
    expect(last().url.searchParams.get("idle")).toBe("true");
    window.dispatchEvent(new Event("keydown"));
    last().welcome(ada);
    expect(idling()).toEqual([false]);
  });

  it("[K10.3] is never away where there is no page, or no time is set", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    await entered({ idleAfterMs: Infinity });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(idling()).toEqual([]);
    // A longer one would be due at once.
    const delays = timers.mock.calls.map(([, ms = 0]) => ms);
    expect(Math.max(...delays)).toBe(2 ** 31 - 1);
    vi.stubGlobal("document", undefined);
    await entered({ idleAfterMs: 10_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(idling()).toEqual([]);
  });
});
