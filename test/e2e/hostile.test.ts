import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Member } from "../../src/protocol/messages.ts";
import { RawClient, readRoom, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";
import { statusesOf } from "./told.ts";

/** Longer than it takes a busy machine to come back at once. */
const GRACE_MS = 10_000;
const TIMEOUT_MS = 600_000;

let server: Server;

beforeAll(async () => {
  server = await startServer({ vars: { GRACE_SECONDS: String(GRACE_MS / 1000) } });
});

afterAll(() => server?.stop());

const join = async (room: string, user: string) =>
  RawClient.join(server, room, await signToken(server.secret, user));

const read = async (room: string) =>
  readRoom(server, room, await signToken(server.secret, "reader"));

/** Garbage, how often it is sent at most and how much at once, and the close code that ends it. */
interface Attack {
  frame: string | Uint8Array;
  times: number;
  atOnce: number;
  everyMs: number;
  end: { code: number; reason: string };
}

const bad = { times: 12, atOnce: 1, end: { code: 4400, reason: "bad_message" } };
// However slow the machine is, this is too much in any 5 s.
const flood = { times: Infinity, atOnce: 25, end: { code: 4429, reason: "rate_limited" } };

const ATTACKS: readonly Attack[] = [
  { ...bad, frame: new Uint8Array(64).fill(7), everyMs: 0 },
  { ...bad, frame: "x".repeat(2 ** 20), everyMs: 100 },
  { ...bad, frame: '{"type":"update","status":', everyMs: 0 },
  { ...bad, frame: '{"type":"update","status":"asleep"}', everyMs: 50 },
  { ...flood, frame: '{"type":"sync"}', everyMs: 500 },
];

async function attack(client: RawClient, { frame, times, atOnce, everyMs }: Attack): Promise<void> {
  for (let sent = 0; sent < times && client.ws.readyState === client.ws.OPEN; sent++) {
    for (let n = 0; n < atOnce; n++) client.send(frame);
    await sleep(everyMs);
  }
}

describe("a room", () => {
  it(
    "[W11.2, W12.2] goes on for the others while a hundred sockets send garbage",
    async () => {
      const room = "besieged";
      const [ada, bob] = await Promise.all([join(room, "ada"), join(room, "bob")]);
      const hostile = await Promise.all(
        Array.from({ length: 100 }, async (_, number) => {
          const client = await join(room, `hostile-${number}`);
          return { client, attack: ATTACKS[number % ATTACKS.length]! };
        }),
      );
      for (const { client, attack: by } of hostile) void attack(client, by);

      // Spaced so that ada stays far from her own limit.
      for (let turn = 0; hostile.some(({ client }) => !client.closed); turn++) {
        const tellsTurn = ({ data }: Member) => data?.["turn"] === turn;
        await Promise.all([
          bob.until((frame) => frame.type === "delta" && frame.set.some(tellsTurn)),
          ada.request({ type: "update", data: { turn } }),
        ]);
        await sleep(300);
      }

      for (const { client, attack: by } of hostile) expect(client.closed).toEqual(by.end);
      for (const calm of [ada, bob]) {
        expect(calm.closed).toBeNull();
        expect(calm.frames.filter(({ type }) => type === "error")).toEqual([]);
      }
      // A close by the room leaves no grace period.
      const { online, members } = await read(room);
      expect(online).toBe(2);
      expect(members).toHaveLength(102);
      await Promise.all([ada.leave(), bob.leave()]);
    },
    TIMEOUT_MS,
  );

  it("[L4.2, L4.3, R4.1, R4.3] keeps the places of sockets that were reset, for the grace", async () => {
    const room = "reset";
    const watcher = await join(room, "watcher");
    const lost = await Promise.all(
      Array.from({ length: 20 }, (_, number) => join(room, `lost-${number}`)),
    );
    await watcher.until((frame) => frame.type === "delta" && frame.online === 21);
    const resetAt = Date.now();
    for (const [number, { socket }] of lost.entries()) {
      if (number % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    // One comes back at once, and nobody sees it.
    const back = await join(room, "lost-0");
    const isOffline = ({ status }: Member) => status === "offline";
    await watcher.until(
      (frame) => frame.type === "delta" && frame.online === 2 && frame.set.some(isOffline),
    );
    const toldAt = Date.now();

    const entries = watcher.frames.flatMap((frame) => (frame.type === "delta" ? frame.set : []));
    // The room may hear of the new connection before it hears that the old one is lost.
    expect(statusesOf(watcher.frames, "lost-0")).toEqual(["online"]);
    const offline = entries.filter(isOffline);
    expect(offline).toHaveLength(19);
    for (const { lastOnline } of offline) {
      const lostAt = Date.parse(lastOnline!);
      expect(lostAt).toBeGreaterThanOrEqual(resetAt);
      expect(lostAt + GRACE_MS).toBeLessThanOrEqual(toldAt);
    }
    await Promise.all([watcher.leave(), back.leave()]);
  });

  it.for([
    { code: 1000, reason: "bye", answered: 1000 },
    { code: 1001, reason: "", answered: 1001 },
    { code: 1011, reason: "oops", answered: 1011 },
    { code: 3000, reason: "x".repeat(123), answered: 3000 },
    { code: 4401, reason: "", answered: 4401 },
    { code: 4999, reason: "", answered: 4999 },
    { code: undefined, reason: undefined, answered: 1000 },
  ])("[W13] answers a close with $code", async ({ code, reason, answered }) => {
    const client = await join("parting", `peer-${code}`);
    client.ws.close(code, reason);
    await expect(client.untilClosed()).resolves.toMatchObject({ code: answered });
    expect(client.socket.destroyed).toBe(true);
  });

  it.for([0, 999, 1005, 1006, 1015, 2999, 5000, 65_535])(
    "[W13] answers a close with %i, which is no code",
    async (code) => {
      const client = await join("parting", `odd-peer-${code}`);
      // A masked close frame, as no library would send it.
      client.socket.write(new Uint8Array([0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff]));
      await expect(client.untilClosed()).resolves.toMatchObject({ code: 1000 });
    },
  );
});
