/** Sends signals as fast as told on many connections, and proves on each that it reads. */
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFrame, RawSocket } from "./raw-socket.ts";

/** One connection: where it goes, and what it sends first, and then in turns. */
export interface Stormer {
  path: string;
  token: string;
  first: string[];
  frames: string[];
}

export interface Storm {
  port: number;
  stormers: Stormer[];
  /** How many signals each sends a second. */
  rate: number;
}

/** How many signals were sent so far, and how many connections are open. */
export interface Stormed {
  sent: number;
  open: number;
}

const TICK_MS = 20;
/** What waits in a socket beyond this is as fast as the server reads. */
const MAX_WAITING = 2 ** 18;
const AT_ONCE = 20;
const PROBE = '{"type":"probe","n":';
/** Longer than a probe. */
const PROBE_LENGTH = 64;

let sent = 0;
const sockets: RawSocket[] = [];

/** Answers each probe; only a part of what comes is looked at as text. */
function answerProbes(peer: RawSocket): void {
  let end = Buffer.alloc(0);
  const answerIn = (bytes: Buffer) => {
    const at = bytes.indexOf(PROBE);
    const n = at >= 0 && /^\d+(?=})/.exec(bytes.toString("latin1", at + PROBE.length, at + 64));
    if (n) peer.send(`{"type":"alive","n":${n[0]}}`);
  };
  peer.socket.on("data", (chunk: Buffer) => {
    answerIn(Buffer.concat([end, chunk.subarray(0, PROBE_LENGTH)]));
    answerIn(chunk);
    end = Buffer.from(chunk.subarray(-PROBE_LENGTH));
  });
}

async function storm({ port, rate }: Storm, { path, token, first, frames }: Stormer) {
  const peer = await RawSocket.open(port, path, { Authorization: `Bearer ${token}` });
  sockets.push(peer);
  answerProbes(peer);
  for (const frame of first) peer.send(frame);
  const encoded = frames.map((frame) => encodeFrame(frame));
  let next = 0;
  let doneAt = performance.now();
  setInterval(() => {
    const due = Math.floor(((performance.now() - doneAt) * rate) / 1000);
    doneAt += (due * 1000) / rate;
    if (!peer.isOpen || peer.socket.writableLength > MAX_WAITING) return;
    const some = Array.from({ length: due }, () => encoded[next++ % encoded.length]!);
    peer.socket.write(Buffer.concat(some));
    sent += due;
  }, TICK_MS);
}

process.once("disconnect", () => process.exit());
process.once("message", async (message: Storm) => {
  const { stormers } = message;
  for (let at = 0; at < stormers.length; at += AT_ONCE) {
    await Promise.all(stormers.slice(at, at + AT_ONCE).map((each) => storm(message, each)));
    await sleep(TICK_MS);
  }
  const tell = () =>
    process.send?.({
      sent,
      open: sockets.filter(({ isOpen }) => isOpen).length,
    } satisfies Stormed);
  setInterval(tell, 200);
});
