import { describe, expect, it, vi } from "vitest";
import {
  sockets,
  asked,
  room,
  takenBy,
  taken,
  soon,
  connection,
  polls,
  block,
  nextSocket,
  polling,
  replies,
  setUpPolling,
} from "./polling-client.ts";

setUpPolling();

describe("a client whose network lets no socket through", () => {
  it("[K11.1] polls after two attempts, with what it signs in with", async () => {
    await soon();
    await block();
    expect(asked).toEqual([]);
    await nextSocket();
    await block();
    expect(room.getSnapshot()).toMatchObject({
      connection: "polling",
      self: { id: "ada", chosen: null },
      online: 2,
      error: null,
    });
    const [first] = polls();
    expect(first).toMatchObject({ path: "/rooms/lobby/me", body: { idle: false } });
    expect(first!.headers.get("Authorization")).toBe("Bearer the-token");
  });

  it("[K11.2] polls every fifth of its lease, from what it holds, and goes on trying sockets", async () => {
    await polling();
    const before = room.getSnapshot();
    const calls = vi.fn();
    room.subscribe(calls);
    for (let times = 0; times < 4; times++) {
      await vi.advanceTimersByTimeAsync(9_000);
      sockets.at(-1)!.end(1006, "");
    }
    const gaps = polls().map(({ at }, index, all) => at - (all[index - 1]?.at ?? at));
    expect(gaps.slice(1).every((gap) => gap >= 9_000 && gap < 9_100)).toBe(true);
    expect(polls().at(-1)!.body).toEqual({ lease: "the-lease", since: "e.1", idle: false });
    expect(sockets.length).toBeGreaterThan(3);
    expect(room.getSnapshot()).toBe(before);
    expect(calls).not.toHaveBeenCalled();
  });

  it("[K11.2, K6.1] says a change at once, and again where that was lost", async () => {
    await polling();
    replies.poll = () => Promise.reject(new Error("Nobody answers."));
    room.setStatus("busy");
    await soon();
    expect(polls().at(-1)!.body).toMatchObject({ status: "busy" });
    expect(connection()).toBe("reconnecting");
    replies.poll = taken;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls().at(-1)!.body).toMatchObject({ lease: "the-lease", status: "busy" });
    expect(connection()).toBe("polling");
    await vi.advanceTimersByTimeAsync(9_100);
    expect(polls().at(-1)!.body).not.toHaveProperty("status");
  });

  it("[K11.2, K6.5] says no choice of one person's as another's", async () => {
    await polling();
    replies.poll = () => Promise.reject(new Error("Nobody answers."));
    room.setStatus("busy");
    await soon();
    expect(connection()).toBe("reconnecting");
    const lost = polls().length;
    replies.poll = () => takenBy("eve");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(
      polls()
        .slice(lost)
        .filter(({ body }) => "status" in body),
    ).toEqual([]);
    expect(room.getSnapshot().self).toEqual({ id: "eve", chosen: null });
  });

  it("[K11.1] that is down altogether is not asked by other ways", async () => {
    replies.read = () => Promise.reject(new Error("Nobody answers."));
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      await nextSocket();
    }
    expect(connection()).toBe("connecting");
    expect(polls()).toEqual([]);
  });

  it("[K11.1] whose service refuses for now is not asked by other ways", async () => {
    const error = { code: "room_unavailable", message: "Later." };
    replies.read = () => Response.json({ error }, { status: 503, headers: { "Retry-After": "1" } });
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      await nextSocket();
    }
    expect(polls()).toEqual([]);
  });

  it("[K11.1] that lets reads through alone is not said to poll", async () => {
    replies.poll = () => Promise.reject(new Error("Nobody answers."));
    await soon();
    for (let times = 0; times < 5; times++) {
      await block();
      expect(connection()).toBe("connecting");
      await nextSocket();
    }
    expect(polls().length).toBeGreaterThan(1);
  });

  it("[K11.2] shows what was refused of its changes, and stays", async () => {
    await polling();
    const error = { code: "bad_request", message: "No." };
    replies.poll = () => Response.json({ error }, { status: 400 });
    room.setData({ too: "long" });
    await soon();
    expect(room.getSnapshot()).toMatchObject({ connection: "polling", error });
    replies.poll = taken;
    await vi.advanceTimersByTimeAsync(9_100);
    expect(polls().at(-1)!.body).not.toHaveProperty("data");
    expect(room.getSnapshot().error).toBeNull();
  });

  it("[K11.1, K7.3] has patience where there are too many connections", async () => {
    const error = { code: "too_many_connections", message: "Too many." };
    const headers = { "Retry-After": "30" };
    replies.poll = () => Response.json({ error }, { status: 429, headers });
    await soon();
    await block();
    await nextSocket();
    await block();
    const at = Date.now();
    expect(room.getSnapshot()).toMatchObject({ connection: "connecting", error });
    await nextSocket();
    expect(Date.now() - at).toBeGreaterThanOrEqual(29_900);
  });

  it("[K11.1, A5.2] stays away where it is refused for good", async () => {
    await polling();
    const error = { code: "room_forbidden", message: "No." };
    replies.poll = () => Response.json({ error }, { status: 403 });
    await vi.advanceTimersByTimeAsync(9_100);
    await soon();
    await block();
    expect(room.getSnapshot()).toMatchObject({ connection: "closed", error });
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(length);
  });
});
