import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { eventually, until } from "../../worker-kit/eventually.ts";
import { ask, readRoom } from "../../worker-kit/http.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { alarmOf, hibernate, passTime, roomStub, runAlarm } from "../../worker-kit/time.ts";
import { type TokenKind, wildFrames, type WildFrame } from "../../worker-kit/wild-frame.ts";
import { runs } from "../../property-cases.ts";

/** A room holds 40. */
const SOCKETS_A_ROOM = 30;
const CASES = runs(1_000);

let faults: string[] = [];
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    if (JSON.parse(line).event === "failure") faults.push(line);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function openInBand(room: string): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("authenticate");
  return peer;
}

/** The states that a socket can be in when the frames begin to come. */
const STATES: Record<string, (room: string, user: string) => Promise<Peer>> = {
  "signed in": (room, user) => join(room, user),
  "shown snapshots": (room, user) => join(room, user, { query: "?view=snapshot" }),
  async hidden(room, user) {
    const peer = await join(room, user);
    await peer.ask({ type: "update", status: "offline" });
    return peer;
  },
  async "signed out"(room, user) {
    const peer = await join(room, user);
    await peer.ask({ type: "logout" });
    return peer;
  },
  "not signed in yet": openInBand,
  async "signing in"(room, user) {
    const peer = await openInBand(room);
    peer.send({ type: "auth", token: await signIn(user) });
    return peer;
  },
  async leaving(room, user) {
    const peer = await join(room, user);
    peer.send({ type: "leave" });
    return peer;
  },
  async "closed for bad frames"(room, user) {
    const peer = await join(room, user);
    for (let n = 1; n <= 10; n++) peer.send("garbage");
    return peer;
  },
};

interface Case {
  state: string;
  frames: WildFrame[];
  /** How its page ends it; most let go of it only when the test ends. */
  close: number | "not";
}

const cases: fc.Arbitrary<Case> = fc.record({
  state: fc.constantFrom(...Object.keys(STATES)),
  frames: wildFrames,
  close: fc.oneof(
    { weight: 3, arbitrary: fc.constant("not" as const) },
    { weight: 1, arbitrary: fc.constantFrom(1000, 3000, 4401) },
  ),
});

function tokenOf(kind: TokenKind, user: string): Promise<string> {
  if (kind === "own") return signIn(user);
  if (kind === "another's") return signIn(`${user}-again`);
  if (kind === "expired") return signIn(user, { exp: 1 });
  if (kind === "another room's") return signIn(user, { rooms: ["other"] });
  return Promise.resolve("garbage");
}

async function send(peer: Peer, user: string, { frames, close }: Case): Promise<void> {
  for (const { payload, times } of frames) {
    const isBytes = payload instanceof Uint8Array;
    const frame = isBytes
      ? payload.slice().buffer
      : typeof payload === "string"
        ? payload
        : { type: payload.type, token: await tokenOf(payload.token, user) };
    for (let n = 0; n < times; n++) peer.sendAnyway(frame);
  }
  if (close !== "not") peer.close(close);
}

let rooms = 0;
let closedByRoom = 0;

async function playOneRoom(batch: readonly Case[]): Promise<void> {
  vi.useRealTimers();
  vi.setSystemTime(Date.now());
  faults = [];
  const room = `frames-${++rooms}`;
  const watcher = await join(room, `watcher-${rooms}`);
  let isCut = false;
  void watcher.closed.then(() => (isCut = true));
  const users = batch.map((_, n) => `sender-${rooms}-${n}`);
  const peers = await Promise.all(batch.map(({ state }, n) => STATES[state]!(room, users[n]!)));
  // Each begins with what its socket carries.
  await hibernate(room);
  await Promise.all(batch.map((each, n) => send(peers[n]!, users[n]!, each)));

  // What was sent has been looked at before an end that was sent after it.
  await Promise.all(
    peers.map(async (peer, n) => {
      if (batch[n]!.close === "not") peer.closeAnyway(1000);
      if (![1000, 3000, 4401].includes((await peer.closed).code)) closedByRoom++;
    }),
  );
  passTime(9);
  vi.setSystemTime(Math.max(Date.now(), (await alarmOf(room)) ?? 0));
  // For a moment there is none if the platform has just run it.
  await until(() => runAlarm(room));

  // A user whose token was still being checked at the end comes and goes after it, maybe with a
  // grace period.
  await eventually(async () => {
    passTime(1);
    await watcher.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).online).toBe(1);
  });
  const { version, members } = await readRoom(room);
  await watcher.until(() => watcher.roll?.version === version);
  expect(watcher.roll?.members).toEqual(members);
  expect(isCut).toBe(false);
  const told = watcher.frames.map((frame) => (frame === "pong" ? frame : frame.type));
  expect(["welcome", "snapshot", "delta", "ack", "self", "probe", "signals"]).toEqual(
    expect.arrayContaining([...new Set(told)]),
  );
  for (const { id } of members) expect(id).toMatch(/^(watcher|sender)-/);
  // Nothing is kept of sockets that were closed.
  const attached = await runInDurableObject(roomStub(room), (_room, state) =>
    state.getWebSockets().filter((ws) => ws.deserializeAttachment() !== null),
  );
  expect(attached).toHaveLength(1);
  expect(faults).toEqual([]);
  await watcher.ask({ type: "leave" });
}

it("[W13, L6.4] whatever a socket sends, in whatever state, costs nobody else anything", async () => {
  const batches = fc.array(cases, { minLength: SOCKETS_A_ROOM, maxLength: SOCKETS_A_ROOM });
  await fc.assert(fc.asyncProperty(batches, playOneRoom), {
    numRuns: Math.ceil(CASES / SOCKETS_A_ROOM),
    // To shrink a room full of sockets takes minutes.
    endOnFailure: true,
  });
  expect(closedByRoom).toBeGreaterThan(CASES / 10);
});
