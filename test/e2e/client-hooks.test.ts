import { describe, expect, it, vi } from "vitest";
import { ada, enter, last, setUpFakes, sockets, soon } from "./fake-client.ts";

setUpFakes();

/** Answers so late. */
const after = <Value>(ms: number, value: Value) =>
  new Promise<Value>((resolve) => {
    setTimeout(() => resolve(value), ms);
  });

describe("a sign-in hook", () => {
  it("[K7.5, T2.3] may take longer than the room waits for a token, time after time", async () => {
    let asked = 0;
    const handle = enter({ getToken: () => after(25_000, `token-${++asked}`) });
    for (const token of ["token-1", "token-2", "token-3"]) {
      await vi.advanceTimersByTimeAsync(24_900);
      expect(sockets).toHaveLength(asked - 1);
      await vi.advanceTimersByTimeAsync(100);
      await soon();
      last().readyState = 1;
      last().tell({ type: "authenticate", within: 10 });
      expect(last().url.searchParams.get("auth")).toBe("message");
      expect(last().frames).toEqual([{ type: "auth", token }]);
      last().welcome(ada);
      expect(handle.getSnapshot()).toMatchObject({ connection: "online", error: null });
      last().end(1006, "");
    }
  });

  it.each(["getToken", "getTicket"])(
    "[K7.5] that does not answer in 30 s is called again at the next attempt: %s",
    async (hook) => {
      let asked = 0;
      const handle = enter({
        [hook]: () => (++asked === 1 ? new Promise<never>(() => {}) : "good"),
      });
      await vi.advanceTimersByTimeAsync(29_900);
      expect([asked, sockets.length]).toEqual([1, 0]);
      await vi.advanceTimersByTimeAsync(200);
      expect([asked, sockets.length]).toEqual([2, 1]);
      last().welcome(ada);
      expect(handle.getSnapshot().connection).toBe("online");
    },
  );

  it("[K7.5] that does not answer in 30 s is called again: onUnauthorized", async () => {
    let asked = 0;
    const handle = enter({
      onUnauthorized: () => (++asked === 1 ? new Promise<never>(() => {}) : true),
    });
    await soon();
    last().tell({ type: "ack", id: "none" });
    last().end(4401, "session_revoked");
    await vi.advanceTimersByTimeAsync(29_900);
    expect([asked, sockets.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(200);
    expect([asked, sockets.length]).toEqual([2, 2]);
    expect(handle.getSnapshot().connection).toBe("connecting");
  });

  it("[K7.5] that gives no token leaves it to the cookie", async () => {
    enter({ getToken: () => "" });
    await soon();
    expect(last().url.search).toBe("");
  });
});
