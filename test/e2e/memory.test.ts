import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bystanders } from "./bystanders.ts";
import { eventually, readRoom, signToken } from "./client-kit.ts";
import { RawSocket } from "./raw-socket.ts";
import { peakGrowthMb } from "./resident.ts";
import { type Server, startServer } from "./server.ts";

const ROOM = "besieged";
const BYSTANDERS = 150;
const MAX_GROWTH_MB = 64;
/** A busy room gathers changes for a second, and other tests run beside this one. */
const MAX_LATE_MS = 5_000;

let server: Server;
let bystanders: Bystanders;

/** An endless body without a length or a credential; resolves when it was refused, or accepted. */
function sendBody(megabytes: number): Promise<string> {
  const socket = connect({ port: server.port, host: "127.0.0.1" });
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  socket.on("data", (data) => (answer += data));
  socket.on("error", () => {});
  socket.on("close", () => resolve(answer.split("\r\n", 1)[0]!));
  socket.write(
    `POST /rooms/${ROOM}/me/leave HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  const chunk = Buffer.from(`10000\r\n${'"'.padEnd(0x10000, "x")}\r\n`);
  let left = megabytes * 16;
  const pump = () => {
    while (left > 0 && socket.writable) {
      left--;
      if (!socket.write(chunk)) return void socket.once("drain", pump);
    }
    socket.end("0\r\n\r\n");
  };
  pump();
  return promise;
}

async function sendBodies(): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 10 }, () => sendBody(95)));
  for (const answer of answers) expect(answer).toMatch(/^$|^HTTP\/1.1 4\d\d /);
}

/** After a garbage token the peer keeps sending frames of 1 MB, whatever the answer. */
async function floodBeforeSignIn(): Promise<void> {
  const peers = await Promise.all(
    Array.from({ length: 4 }, () => RawSocket.open(server.port, `/rooms/${ROOM}?auth=message`)),
  );
  await Promise.all(
    peers.map(async (peer) => {
      peer.send(JSON.stringify({ type: "auth", token: "garbage" }));
      await peer.flood("x".repeat(2 ** 20), 100);
      peer.cut();
    }),
  );
}

async function openAs(user: string, query = ""): Promise<RawSocket> {
  const token = await signToken(server.secret, user);
  const headers = { Authorization: `Bearer ${token}` };
  return RawSocket.open(server.port, `/rooms/${ROOM}${query}`, headers);
}

/** As many as W12 allows, and many more: those that send more are closed, and do not notice. */
async function askAndNeverRead(forMs: number): Promise<void> {
  const peers = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const peer = await openAs(`mute-${n}`);
      peer.stopReading();
      return peer;
    }),
  );
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    for (const [n, peer] of peers.entries()) {
      if (n % 2 === 0 || Math.random() < 0.1) peer.send('{"type":"sync"}');
    }
    await sleep(25);
  }
  for (const peer of peers) peer.cut();
}

/** Ten bad frames close it with 4400, which it ignores. */
async function goOnAfterClose(frames: number): Promise<void> {
  const peer = await openAs("deaf");
  await peer.flood("garbage", 10);
  const isClosed = (line: string) => line.includes('"deaf"') && line.includes('"bad_message"');
  await eventually(
    () => server.logs.some(isClosed),
    (closed) => closed,
  );
  expect(await peer.flood("garbage", frames)).toBe(frames);
  await peer.finish();
}

/** Why bystanders were closed. */
const endsOfBystanders = () =>
  server.logs
    .map((line) => JSON.parse(line) as Record<string, string>)
    .filter(({ event, user }) => event === "leave" && user?.startsWith("bystander-"))
    .map(({ reason }) => reason);

beforeAll(async () => {
  server = await startServer({ vars: { IN_BAND_AUTH: "true" } });
  bystanders = new Bystanders(server, ROOM);
  await bystanders.join(BYSTANDERS);
  // The engine's heap takes the size that any traffic gives it.
  await goOnAfterClose(20_000);
  bystanders.takeLatestMs();
});

afterAll(async () => {
  bystanders?.leave();
  await server?.stop();
});

/** How an attack is made, at its full strength and once more. */
const ATTACKS: [string, () => Promise<void>, () => Promise<void>][] = [
  ["[A5.4, P2.4] by endless bodies", sendBodies, sendBodies],
  ["[T2.6] by large frames after a refusal", floodBeforeSignIn, floodBeforeSignIn],
  [
    "[W12.3, W14.4] by asking and never reading",
    () => askAndNeverRead(12_000),
    () => askAndNeverRead(4_000),
  ],
  ["[W11.3] by going on after a close", () => goOnAfterClose(70_000), () => goOnAfterClose(70_000)],
];

describe("who wants to fill the server's memory", () => {
  it.each(ATTACKS)("%s fills little of it, and others notice nothing", async (_, attack, again) => {
    const growth = await peakGrowthMb(server.pid, attack);
    const late = bystanders.takeLatestMs();
    expect(growth).toBeLessThan(MAX_GROWTH_MB);
    expect(late).toBeLessThan(MAX_LATE_MS);
    // The allocator keeps pages for later: what came back is what is not needed a second time.
    expect(await peakGrowthMb(server.pid, again)).toBeLessThan(MAX_GROWTH_MB / 2);
    expect(bystanders.takeLatestMs()).toBeLessThan(MAX_LATE_MS);
    expect(endsOfBystanders()).toEqual([]);
    const room = await readRoom(server, ROOM, await signToken(server.secret, "reader"));
    expect(room.members.filter(({ id }) => id.startsWith("bystander-"))).toHaveLength(BYSTANDERS);
  });
});
