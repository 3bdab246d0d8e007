import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import { FakeSocket } from "./fake-socket.ts";

const sockets = FakeSocket.opened;
/** A browser's network events; Node has none. */
let network: EventTarget;
/** The page's events. */
let page: EventTarget;
/** The answer to a read. */
let answer: () => Response | Promise<Response>;
/** The URLs that were read. */
let reads: string[];
let room: RoomHandle;

/** Timers that are due at once, one after the other, are through within this. */
const SLACK_MS = 20;

beforeEach(async () => {
  vi.useFakeTimers();
  sockets.length = 0;
  network = new EventTarget();
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("document", page);
  answer = () => {
    throw new Error("Nobody answers.");
  };
  reads = [];
  room = joinRoom("https://presence.example.com/rooms/lobby", {
    WebSocket: FakeSocket,
    fetch: async (url) => {
      reads.push(String(url));
      return answer();
    },
  });
  await vi.advanceTimersByTimeAsync(SLACK_MS);
  sockets[0]!.welcome();
  expect(room.getSnapshot().connection).toBe("online");
});

afterEach(async () => {
  room.leave();
  await vi.advanceTimersByTimeAsync(SLACK_MS);
  // First what may have replaced a timer that was itself not real.
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Ends the connection, and returns about how many milliseconds later the client opened another. */
async function reconnectAfter(code: number, reason: string): Promise<number> {
  const at = Date.now();
  sockets[0]!.end(code, reason);
  expect(room.getSnapshot().connection).toBe("reconnecting");
  await vi.advanceTimersByTimeAsync(120_000);
  return Math.floor((sockets[1]!.openedAt - at) / SLACK_MS) * SLACK_MS;
}

describe("after its socket was closed, a client", () => {
  it.each([
    [4400, "bad_message"],
    [4403, "kicked"],
    [4403, "room_forbidden"],
  ])("[W10, W11.2] stays away and reports: %i %s", async (code, reason) => {
    sockets[0]!.end(code, reason);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sockets).toHaveLength(1);
    const { connection, error } = room.getSnapshot();
    expect([connection, error?.code]).toEqual(["closed", reason]);
  });

  it("[W10] stays away with nothing to report: 1000 left", async () => {
    sockets[0]!.end(1000, "left");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sockets).toHaveLength(1);
    expect(room.getSnapshot()).toMatchObject({ connection: "closed", error: null });
  });

  it("[L2.2] reconnects at once: 4408 stale", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    expect(await reconnectAfter(4408, "stale")).toBe(0);
  });

  it.each([
    [0, 30_000],
    [0.5, 30_500],
  ])(
    "[W12.2] reconnects after at least 30 s, and a random while (%d): 4429",
    async (random, ms) => {
      vi.spyOn(Math, "random").mockReturnValue(random);
      expect(await reconnectAfter(4429, "rate_limited")).toBe(ms);
    },
  );

  it.each([1001, 1006, 1011, 1012])("[L6.1] reconnects with backoff: %i", async (code) => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    expect(await reconnectAfter(code, "")).toBe(500);
  });

  it.each(["", "idle timeout"])(
    "[W13, K7.1] reconnects with backoff after a proxy's close: 1000 %j",
    async (reason) => {
      vi.spyOn(Math, "random").mockReturnValue(0.5);
      expect(await reconnectAfter(1000, reason)).toBe(500);
    },
  );

  it("[K14] tries the browser's next cookie when its session has ended: once at once, then later each time", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    await vi.advanceTimersByTimeAsync(60_000);
    const gaps: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const at = Date.now();
      sockets[attempt]!.end(4401, "session_expired");
      expect(room.getSnapshot().connection).toBe("reconnecting");
      while (sockets.length === attempt + 1) await vi.advanceTimersByTimeAsync(SLACK_MS);
      gaps.push(Math.round((sockets[attempt + 1]!.openedAt - at) / 1_000));
      sockets[attempt + 1]!.welcome();
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(gaps).toEqual([0, 2, 4, 8, 16]);
    await vi.advanceTimersByTimeAsync(5_000);
    sockets[5]!.end(4401, "session_expired");
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(7);
    const error = { code: "session_expired", message: "The session has expired." };
    answer = () => Response.json({ error }, { status: 401 });
    sockets[6]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sockets).toHaveLength(7);
    expect(room.getSnapshot()).toMatchObject({ connection: "closed", error });
  });

  it("[W12.2, K7.3] a network that comes back cuts the backoff short, but not the 30 s", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    sockets[0]!.end(4429, "rate_limited");
    await vi.advanceTimersByTimeAsync(29_000);
    network.dispatchEvent(new Event("online"));
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000 + SLACK_MS);
    expect(sockets).toHaveLength(1);
    network.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(2);
  });

  it("[L6.1, K7.1] waits longer each time that nobody answers, up to 30 s", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    sockets[0]!.end(1006, "");
    const gaps: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      const at = Date.now();
      while (sockets.length <= attempt) await vi.advanceTimersByTimeAsync(100);
      gaps.push(Math.round((sockets[attempt]!.openedAt - at) / 1_000));
      sockets[attempt]!.end(1006, "");
    }
    expect(gaps).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it("[K7.2] is back at once when the network is, or the page is seen", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    for (const [at, hurries] of [
      [1, () => network.dispatchEvent(new Event("online"))],
      [2, () => page.dispatchEvent(new Event("visibilitychange"))],
      [3, () => page.dispatchEvent(new Event("resume"))],
    ] as const) {
      sockets[at - 1]!.end(1006, "");
      await vi.advanceTimersByTimeAsync(SLACK_MS);
      expect(sockets).toHaveLength(at);
      hurries();
      await vi.advanceTimersByTimeAsync(SLACK_MS);
      expect(sockets).toHaveLength(at + 1);
      sockets[at]!.welcome();
    }
  });

  it("[K7.3] has the patience that the service asks for", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    const error = { code: "session_unavailable", message: "Later." };
    answer = () => Response.json({ error }, { status: 503, headers: { "Retry-After": "5" } });
    sockets[1]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(4_900);
    network.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(90);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(3);
    expect(room.getSnapshot().connection).toBe("reconnecting");
  });

  it.each([
    ["a date", () => new Date(Date.now() + 20_000).toUTCString(), 20_000],
    ["a date that is past", () => new Date(Date.now() - 20_000).toUTCString(), 0],
    ["an hour", () => "3600", 300_000],
    ["nonsense", () => "soon", 0],
    ["less than nothing", () => "-5", 0],
  ])("[K7.3] has patience of a bounded time where it is told %s", async (_, retryAfter, ms) => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    const error = { code: "session_unavailable", message: "Later." };
    answer = () => {
      const headers = { "Retry-After": retryAfter() };
      answer = () => Response.json({});
      return Response.json({ error }, { status: 503, headers });
    };
    const at = Date.now();
    sockets[1]!.end(1006, "");
    while (sockets.length < 3) await vi.advanceTimersByTimeAsync(SLACK_MS);
    // A date has whole seconds.
    expect(Math.abs(sockets[2]!.openedAt - at - ms)).toBeLessThanOrEqual(1_000 + SLACK_MS);
  });

  it("[K7.2] gives an attempt up that hangs, when the page is seen, and begins another", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(900);
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets[1]!.closedWith).toBeUndefined();
    expect(sockets).toHaveLength(3);
  });

  it("[K7.4] asks once why an upgrade failed, for the counts alone, and only then", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(reads).toEqual([]);
    answer = () => Response.json({ error: { code: "kicked", message: "" } }, { status: 403 });
    sockets[1]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(60_000);
    const [url] = reads;
    expect(reads).toEqual([expect.stringContaining("/rooms/lobby?")]);
    expect(new URL(url!).searchParams.get("fields")).toBe("counts");
    expect(room.getSnapshot()).toMatchObject({ connection: "closed", error: { code: "kicked" } });
  });

  it("[K7.2] gives the question why it was refused up, too, when the network is back", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    sockets[0]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    answer = () => new Promise<never>(() => {});
    sockets[1]!.end(1006, "");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets).toHaveLength(2);
    network.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(3);
  });

  it("[K9] is gone with no word when its page goes, and resumes when that comes back", async () => {
    const hide = Object.assign(new Event("pagehide"), { persisted: true });
    network.dispatchEvent(hide);
    expect(sockets[0]).toMatchObject({ closedWith: undefined, frames: [] });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sockets).toHaveLength(1);
    // The first `pageshow` of a page is not a return.
    network.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(1);
    network.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await vi.advanceTimersByTimeAsync(SLACK_MS);
    expect(sockets).toHaveLength(2);
    expect(sockets[1]!.url.searchParams.get("since")).toBe("e.1");
  });
});
