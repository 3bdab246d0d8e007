import { randomBytes, randomInt } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { randomFrom } from "./crowd.ts";
import { gapsOf, presentIn, Receiver } from "./receiver.ts";
import { type Server, startServer } from "./server.ts";

const KEY = randomBytes(32).toString("base64url");
const HEADERS = { Authorization: `Bearer ${KEY}` };
const ROOMS = ["atrium", "bar", "cellar"];
const PEOPLE = ["ada", "bob", "cleo", "dan", "eve"];
const CRASHES = 30;
const TIMEOUT_MS = 600_000;

let server: Server;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await server?.stop();
  await receiver.stop();
});

const vars = (more: Record<string, string> = {}) => ({
  ...receiver.vars,
  SERVER_KEY: KEY,
  STALE_SECONDS: "3",
  GRACE_SECONDS: "0",
  ...more,
});

async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, { headers: HEADERS });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

const listed = async () => {
  const { rooms } = await ask<{ rooms: { room: string; online: number }[] }>("/rooms");
  return rooms.map(({ room, online }) => `${room} ${online}`);
};

const waiting = async (room: string) => {
  const { outbox } = await ask<{ outbox: { messages: number; dead: number } }>(
    `/rooms/${room}/stats`,
  );
  return outbox;
};

/**
 * A user who joins, changes their data, and leaves, until the server dies; notes what was
 * acknowledged.
 */
async function wander(
  user: string,
  random: () => number,
  acked: { room: string; mark: string }[],
): Promise<void> {
  try {
    for (;;) {
      // Several people: one may connect 60 times a minute.
      const token = await signToken(server.secret, `${user}-${Math.floor(random() * 20)}`);
      const room = ROOMS[Math.floor(random() * ROOMS.length)]!;
      const client = await RawClient.join(server, room, token);
      for (let changes = Math.floor(random() * 4); changes > 0; changes--) {
        const mark = randomBytes(8).toString("hex");
        await client.request({ type: "update", data: { mark } });
        acked.push({ room, mark });
      }
      if (random() < 0.5) await client.leave();
      else client.ws.terminate();
    }
  } catch {
    // The server was killed.
  }
}

it(
  `[H3.2, H3.3, H4.3, H5.2, B9.2] a room killed ${CRASHES} times loses no webhook, tells all in order, and is listed right`,
  async () => {
    const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    // A usual receiver: it sometimes fails, and is sometimes slow.
    receiver.answer = (response) => {
      const chance = random();
      if (chance < 0.05) response.writeHead(500).end("x".repeat(1_000));
      else if (chance < 0.1) response.destroy();
      else setTimeout(() => response.writeHead(204).end(), chance < 0.3 ? 50 : 0);
    };
    const acked: { room: string; mark: string }[] = [];
    server = await startServer({ vars: vars() });
    const { persist, port } = server;
    for (let crash = 1; crash <= CRASHES; crash++) {
      const wanderers = PEOPLE.map((user) => wander(user, random, acked));
      const moment = acked.length + 1 + Math.floor(random() * 10);
      await eventually(
        () => acked.length,
        (length) => length >= moment,
        { everyMs: 1 },
      );
      await server.kill();
      await Promise.all(wanderers);
      // Who stays at the end must not look stale for the time that a busy machine takes.
      const more = crash === CRASHES ? { STALE_SECONDS: "45" } : {};
      server = await startServer({ vars: vars(more), persist, port });
      // Without any visitor, the rooms wake by themselves and report that they are empty.
      if (crash % 3 === 0) {
        await eventually(listed, ({ length }) => length === 0);
      }
    }
    const stays = await RawClient.join(server, "bar", await signToken(server.secret, "zoe"));
    await eventually(listed, (rooms) => rooms.join() === "bar 1");

    for (const room of ROOMS) {
      const outbox = await eventually(
        () => waiting(room),
        ({ messages }) => messages === 0,
        { withinMs: 60_000 },
      );
      expect(outbox.dead).toBe(0);
      const events = receiver.events(room);
      expect(gapsOf(events), room).toEqual([]);
      const marks = new Set(events.map(({ data }) => data.member?.data?.["mark"]));
      const lost = acked.filter((change) => change.room === room && !marks.has(change.mark));
      expect(lost, room).toEqual([]);
      const { members } = await readRoom(server, room, await signToken(server.secret, "reader"));
      const there = members.filter(({ status }) => status !== "offline");
      expect([...presentIn(events)]).toEqual(there.map(({ id, status }) => [id, status]));
    }
    expect(receiver.faults).toEqual([]);
    expect(receiver.mostAtATime).toBe(1);
    // A message that came again was the same.
    const bodies = Map.groupBy(receiver.deliveries, ({ id }) => id);
    for (const [id, sent] of bodies) expect(new Set(sent.map(({ body }) => body)).size, id).toBe(1);
    const again = receiver.deliveries.length - bodies.size;
    console.log(
      `${acked.length} changes acknowledged, ${bodies.size} messages, ${again} sent again.`,
    );
    expect(again).toBeGreaterThan(0);
    await stays.leave();
  },
  TIMEOUT_MS,
);

it("[H5.1, H6.1] a receiver that hangs, redirects or floods breaks no room, and gets all in the end", async () => {
  const elsewhere = await Receiver.start();
  const ways = [
    () => {},
    (response: import("node:http").ServerResponse) =>
      void response.writeHead(307, { Location: `${elsewhere.url}/hooks` }).end(),
    (response: import("node:http").ServerResponse) => {
      response.writeHead(500);
      response.end("x".repeat(10 * 2 ** 20));
    },
    (response: import("node:http").ServerResponse) => {
      // The head of an answer, and never its end: taken all the same.
      response.writeHead(200, { "Content-Length": "10000000" });
      response.write("x");
    },
  ];
  let tries = 0;
  receiver.answer = (response) => {
    const way = ways[tries++];
    if (way) way(response);
    else response.writeHead(204).end();
  };
  server = await startServer({ vars: vars({ STALE_SECONDS: "45" }) });
  const ada = await RawClient.join(server, "lobby", await signToken(server.secret, "ada"));
  await eventually(
    () => tries,
    (count) => count === 1,
  );
  // The first request hangs; the room does not.
  for (const status of ["busy", "away", "online"] as const) {
    await ada.request({ type: "update", status });
  }
  const bob = await RawClient.join(server, "lobby", await signToken(server.secret, "bob"));
  expect(receiver.deliveries).toHaveLength(1);
  await eventually(
    () => waiting("lobby"),
    ({ messages }) => messages === 0,
    { withinMs: 40_000 },
  );
  expect(tries).toBeGreaterThanOrEqual(ways.length);
  const events = receiver.events("lobby");
  expect(gapsOf(events)).toEqual([]);
  expect(presentIn(events)).toEqual(
    new Map([
      ["ada", "online"],
      ["bob", "online"],
    ]),
  );
  expect(elsewhere.deliveries).toEqual([]);
  const [first, second, third] = receiver.deliveries;
  expect([second!.body, third!.body]).toEqual([first!.body, first!.body]);
  await Promise.all([ada.leave(), bob.leave()]);
  await elsewhere.stop();
});
