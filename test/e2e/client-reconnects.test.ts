import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import type { ServerFrame } from "../../src/protocol/messages.ts";

/** The far end of a client's socket, which the test plays. */
class FakeSocket extends EventTarget {
  static readonly opened: FakeSocket[] = [];
  readonly openedAt = Date.now();
  readyState = 0;
  binaryType = "blob";

  constructor() {
    super();
    FakeSocket.opened.push(this);
  }

  send(): void {}

  close(): void {
    this.readyState = 3;
  }

  /** Welcomes the client, and gives it an empty room. */
  welcome(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
    const self = { id: "ada", chosen: null };
    const at = { room: "lobby", epoch: "e", version: 1, online: 0, connections: 0 };
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    this.#tell({
      type: "welcome",
      protocol: 1,
      room: "lobby",
      connection: "c",
      self,
      heartbeat: 15,
      expiresAt,
    });
    this.#tell({ type: "snapshot", ...at, members: [] });
  }

  end(code: number, reason: string): void {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }

  #tell(frame: ServerFrame): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
}

const sockets = FakeSocket.opened;
/** What tells of the network in a browser; Node has none. */
let network: EventTarget;
let room: RoomHandle;

/** Timers that are due at once, one after the other, are through within this. */
const SLACK_MS = 20;

beforeEach(async () => {
  vi.useFakeTimers();
  sockets.splice(0);
  network = new EventTarget();
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  vi.stubGlobal("removeEventListener", network.removeEventListener.bind(network));
  room = joinRoom("https://presence.example.com/rooms/lobby", {
    WebSocket: FakeSocket,
    fetch: () => Promise.reject(new Error("Nobody answers.")),
  });
  await vi.advanceTimersByTimeAsync(SLACK_MS);
  sockets[0]!.welcome();
  expect(room.getSnapshot().connection).toBe("online");
});

afterEach(() => {
  room.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Ends the connection, and answers after how many milliseconds, about, the client opened another. */
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
  ])("[W10, W11] stays away and reports: %i %s", async (code, reason) => {
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

  it("[L2] reconnects at once: 4408 stale", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    expect(await reconnectAfter(4408, "stale")).toBe(0);
  });

  it.each([
    [0, 30_000],
    [0.5, 30_500],
  ])("[W12] reconnects after at least 30 s, and a random while (%d): 4429", async (random, ms) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    expect(await reconnectAfter(4429, "rate_limited")).toBe(ms);
  });

  it.each([1001, 1006, 1011, 1012])("[L6] reconnects with backoff: %i", async (code) => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    expect(await reconnectAfter(code, "")).toBe(500);
  });

  it("[W12] a network that comes back cuts the backoff short, but not the 30 s", async () => {
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

  it("[L6] waits longer each time that nobody answers, up to 30 s", async () => {
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
});
