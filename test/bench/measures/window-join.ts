import { Agent, request } from "node:http";
import { idOf } from "../dialects/dialect.ts";
import { answerProbe, rollcallHeaders } from "../dialects/rollcall.ts";
import { watchedBy } from "../dialects/shown.ts";
import { nowMs, sleep } from "../load/clock.ts";
import { Waiter } from "../load/waiter.ts";
import { LeanWebSocket } from "../load/web-socket.ts";
import type { Server } from "../servers/server.ts";
import { withServer, type Bench, type Sample } from "./measure.ts";

const ROOM = "large";
const WATCHES = 50;
const SOCKETS = 16;
const BOUND_MS = 30_000;
/** Longer than the room needs to say something more to who has just come. */
const SETTLE_MS = 1_500;

/** Makes users present by leases. */
async function fill({ port, secret }: Server, size: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const body = '{"status":"online","view":"counts"}';
  const join = (user: number) =>
    new Promise<void>((resolve, reject) => {
      const lines = rollcallHeaders({ port, user, secret }).map((line) => line.split(": "));
      const headers = { ...Object.fromEntries(lines), "Content-Type": "application/json" };
      const options = { port, host: "127.0.0.1", agent, method: "PUT", timeout: BOUND_MS };
      const call = request({ ...options, path: `/rooms/${ROOM}/me`, headers }, (response) => {
        response.resume();
        response.once("error", reject).once("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`A lease was answered ${response.statusCode}.`));
        });
      });
      call.once("timeout", () => call.destroy(new Error("A lease was not answered.")));
      call.once("error", reject).end(body);
    });
  let next = 0;
  const joinNext = async () => {
    while (next < size) await join(next++);
  };
  try {
    await Promise.all(Array.from({ length: SOCKETS }, joinNext));
  } finally {
    agent.destroy();
  }
}

interface Seat {
  user: number;
  query: string;
  /** How many members its state has. */
  members: number;
  watched: readonly number[];
}

/** Joins, and answers what that received until nothing more came. */
async function join({ port, secret }: Server, seat: Seat): Promise<Sample["figures"]> {
  const headers = rollcallHeaders({ port, user: seat.user, secret });
  const path = `/rooms/${ROOM}${seat.query}`;
  const watched = seat.watched.map(idOf);
  const told = new Set<string>();
  const ended = new Waiter();
  let refusal: string | undefined;
  const start = nowMs();
  const isReady = () => told.size >= seat.members && watched.every((id) => told.has(id));
  const socket = new LeanWebSocket(
    { port, path, headers, offersDeflate: true },
    {
      onOpen: () => {
        if (watched.length > 0) socket.send(JSON.stringify({ type: "watch", add: watched }));
      },
      onMessage: (payload) => {
        const text = payload.toString();
        if (text.startsWith('{"type":"probe"')) socket.send(answerProbe(text));
        for (const [, id] of text.matchAll(/\{"id":"([^"]+)"/g)) told.add(id!);
        if (ended.count === 0 && isReady()) ended.add(1);
      },
      onClose: (reason) => {
        refusal = reason ?? "closed";
        ended.add(1);
      },
    },
  );
  const { atMs } = await ended.reach(1, BOUND_MS);
  if (refusal !== undefined) throw new Error(`A join was refused: ${refusal}.`);
  if (atMs === null) return { seconds: null, kilobytes: null };
  await sleep(SETTLE_MS);
  const kilobytes = socket.wireBytes / 1000;
  socket.drop();
  return { seconds: (atMs - start) / 1000, kilobytes };
}

/** Leases that nobody renews last until the end. */
const VARS = { STALE_SECONDS: "600" };

async function joinAll(server: Server, size: number): Promise<Sample[]> {
  await fill(server, size);
  const watched = watchedBy(size, { watches: WATCHES, of: size });
  const seats = [
    { what: "window of 20 and 50 watched", query: "?view=window", members: 20, watched },
    { what: "window of 100", query: "?view=window&limit=100", members: 100, watched: [] },
    { what: "whole room", query: "", members: size, watched: [] },
  ];
  const samples: Sample[] = [];
  for (const [index, { what, ...seat }] of seats.entries()) {
    const figures = await join(server, { ...seat, user: size + index });
    samples.push({ subject: `join, ${what}, room of ${size}`, system: "Rollcall", figures });
  }
  return samples;
}

/**
 * What one more member of a large room receives: with the default window and a list to watch, with
 * the largest window, and with none.
 */
export const joinLarge = (bench: Bench): Promise<Sample[]> =>
  withServer(bench, "Rollcall", (server) => joinAll(server, bench.quick ? 500 : 9_900), {
    vars: VARS,
  });
