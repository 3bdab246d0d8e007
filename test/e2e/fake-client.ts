import { afterEach, beforeEach, vi } from "vitest";
import { joinRoom, type JoinOptions, type RoomHandle } from "../../src/client/index.ts";
import type { Member, Snapshot } from "../../src/protocol/messages.ts";
import { FakeSocket } from "./fake-socket.ts";

const URL = "https://presence.example.com/rooms/lobby";
/** Timers that are due at once, one after the other, are through within this. */
const SLACK_MS = 20;

export const sockets = FakeSocket.opened;
/** The HTTP requests. */
export const asked: unknown[] = [];
/** The clean-up at the end. */
export const handles: RoomHandle[] = [];
/** A browser's input events; Node has none. */
export let window: EventTarget;
export let page: EventTarget & { visibilityState: string };

/** The same values at each call, as in an app that shares connections. */
const fetch = (input: unknown) => {
  asked.push(input);
  return Promise.reject(new Error("Nobody answers."));
};

/** Gives each test of a file its own clock and page. */
export function setUpFakes(): void {
  beforeEach(begin);
  afterEach(end);
}

function begin(): void {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  sockets.length = 0;
  asked.length = 0;
  window = new EventTarget();
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("document", page);
}

async function end(): Promise<void> {
  for (const handle of handles.splice(0)) handle.leave();
  await soon();
  // First what may have replaced a timer that was itself not real.
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}

export const soon = () => vi.advanceTimersByTimeAsync(SLACK_MS);

export function enter(options: JoinOptions = {}): RoomHandle {
  const handle = joinRoom(URL, { WebSocket: FakeSocket, fetch, ...options });
  handles.push(handle);
  return handle;
}

/** Joins, and receives the room. */
export async function entered(options?: JoinOptions): Promise<RoomHandle> {
  const handle = enter(options);
  await soon();
  last().welcome(ada, bob);
  return handle;
}

export const last = () => sockets.at(-1)!;

export const member = (id: string, changes: Partial<Member> = {}): Member => ({
  id,
  name: id,
  status: "online",
  connections: 1,
  lastOnline: null,
  ...changes,
});
export const ada = member("ada");
export const bob = member("bob");

export const initial: Snapshot = {
  type: "snapshot",
  room: "lobby",
  epoch: "e",
  version: 7,
  online: 2,
  connections: 2,
  members: [ada, bob],
};

export function countCalls(handle: RoomHandle): () => number {
  let calls = 0;
  handle.subscribe(() => calls++);
  return () => calls;
}
