import { afterEach, beforeEach, expect, vi } from "vitest";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import type { Member, Snapshot } from "../../src/protocol/messages.ts";
import { FakeSocket } from "./fake-socket.ts";

/** A request of the client, and its body. */
interface RequestContext {
  method: string;
  path: string;
  headers: Headers;
  body: Record<string, unknown>;
  at: number;
}

const SLACK_MS = 20;
export const LEASE_MS = 45_000;

export const sockets = FakeSocket.opened;
export const asked: RequestContext[] = [];
export let window: EventTarget;
export let room: RoomHandle;

export const member = (id: string, status: Member["status"] = "online"): Member => ({
  id,
  name: id,
  status,
  connections: 1,
  lastOnline: null,
});

export const snapshot = (version: number, ...members: Member[]): Snapshot => {
  const counts = { online: members.length, connections: members.length };
  return { type: "snapshot", room: "lobby", epoch: "e", version, ...counts, members };
};

export let version = 1;
export const takenBy = (id: string) =>
  Response.json({
    lease: "the-lease",
    expiresAt: new Date(Date.now() + LEASE_MS).toISOString(),
    self: { id, chosen: null },
    state: snapshot(version, member("ada"), member("bob")),
  });
export const taken = () => takenBy("ada");

export const soon = () => vi.advanceTimersByTimeAsync(SLACK_MS);
export const connection = () => room.getSnapshot().connection;
export const polls = () => asked.filter(({ method }) => method === "PUT");
export const leaves = () => asked.filter(({ path }) => path.endsWith("/me/leave"));

/** Ends the last socket like a proxy without WebSockets. */
export async function block(): Promise<void> {
  sockets.at(-1)!.end(1006, "");
  await soon();
}

/** Waits for the next socket. */
export async function nextSocket(): Promise<FakeSocket> {
  const count = sockets.length;
  for (let waited = 0; sockets.length === count; waited += 100) {
    if (waited > 40_000) throw new Error("No other socket was opened.");
    await vi.advanceTimersByTimeAsync(100);
  }
  return sockets.at(-1)!;
}

export async function polling(): Promise<void> {
  await soon();
  await block();
  await nextSocket();
  await block();
  expect(connection()).toBe("polling");
}

/** The answers to a poll and a read. */
export const replies: Record<"poll" | "read", () => Response | Promise<Response>> = {
  poll: () => taken(),
  read: () => Response.json({ type: "snapshot" }),
};

/** Gives each test of a file a client with a controlled network. */
export function setUpPolling(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    sockets.length = 0;
    asked.length = 0;
    version = 1;
    replies.poll = taken;
    replies.read = () => Response.json({ type: "snapshot" });
    window = new EventTarget();
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    room = joinRoom("https://presence.example.com/rooms/lobby", {
      WebSocket: FakeSocket,
      getToken: () => "the-token",
      fetch: async (input, init = {}) => {
        const url = new URL(String(input));
        const { method = "GET" } = init;
        if (method === "GET") return replies.read();
        asked.push({
          method,
          path: url.pathname,
          headers: new Headers(init.headers),
          body: JSON.parse(String(init.body)) as Record<string, unknown>,
          at: Date.now(),
        });
        return method === "PUT" ? replies.poll() : Response.json({});
      },
    });
  });

  afterEach(async () => {
    room.leave();
    await soon();
    // First what may have replaced a timer that was itself not real.
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
}
