import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Member } from "../../src/protocol/messages.ts";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import type { Pinged, Visit } from "./heartbeat-process.ts";
import { type Server, startServer } from "./server.ts";

// The default. A room hibernates after 10 s without an event, so it sleeps before each sweep.
const STALE_MS = 45_000;
const TIMEOUT_MS = 600_000;

let server: Server;
let browser: ChildProcess;

beforeAll(async () => {
  const vars = { STALE_SECONDS: String(STALE_MS / 1000) };
  server = await startServer({ main: join(import.meta.dirname, "worker/counted-rooms.ts"), vars });
});

afterAll(async () => {
  browser?.kill("SIGKILL");
  await server?.stop();
});

/** When a room was constructed again, after hibernation; the first time is not counted. */
function wokenAt(room: string): number[] {
  return server.logs
    .filter((line) => line.startsWith('{"event":"constructed"'))
    .map((line) => JSON.parse(line) as { room: string; at: number })
    .filter((line) => line.room === room)
    .map(({ at }) => at)
    .slice(1);
}

/** Joins and pings at the heartbeat. */
async function joinSteady(room: string): Promise<RawClient> {
  const client = await RawClient.join(server, room, await signToken(server.secret, "steady"));
  const { heartbeat } = await client.welcome();
  const pinging = setInterval(() => client.send("ping"), heartbeat * 1000);
  client.ws.once("close", () => clearInterval(pinging));
  return client;
}

/** Waits until a member is reported as offline. */
async function untilOffline(client: RawClient, id: string): Promise<Member & { toldAt: number }> {
  const isGone = (member: Member) => member.id === id && member.status === "offline";
  const frame = await client.until(
    (told) => told.type === "delta" && told.set.some(isGone),
    2 * STALE_MS,
  );
  const toldAt = Date.now();
  if (frame.type !== "delta") throw new Error("Only a delta tells this.");
  return { ...frame.set.find(isGone)!, toldAt };
}

describe.concurrent("in a hibernating room", () => {
  it(
    "[L3.1, L1, R4.3] a frozen process is out in time, and one that pings stays",
    async () => {
      // Each is last heard at another time before a sweep.
      const visits = await Promise.all(
        [2_000, 6_500, 8_500].map(async (afterMs): Promise<Visit> => {
          const token = await signToken(server.secret, "frozen");
          return { url: server.url, token, room: `frozen-${afterMs}`, afterMs };
        }),
      );
      const steady = await Promise.all(visits.map(({ room }) => joinSteady(room)));

      browser = fork(join(import.meta.dirname, "heartbeat-process.ts"));
      const lastPings = new Map<string, Pinged>();
      const allPinged = new Promise<void>((resolve) => {
        browser.on("message", (pinged: Pinged) => {
          lastPings.set(pinged.room, pinged);
          if (lastPings.size === visits.length) resolve();
        });
      });
      browser.send(visits);
      await allPinged;
      browser.kill("SIGSTOP");

      await Promise.all(
        steady.map(async (client, index) => {
          const { room } = visits[index]!;
          const { toldAt, lastOnline } = await untilOffline(client, "frozen");
          const { at: lastPing, answeredAt } = lastPings.get(room)!;
          expect(toldAt - lastPing).toBeLessThanOrEqual(STALE_MS);
          expect(Date.parse(lastOnline!)).toBeGreaterThanOrEqual(lastPing);
          expect(Date.parse(lastOnline!)).toBeLessThanOrEqual(answeredAt);
          expect(wokenAt(room).some((at) => at > lastPing && at < toldAt)).toBe(true);
        }),
      );
      for (const client of steady) expect(client.closed).toBeNull();
    },
    TIMEOUT_MS,
  );

  it(
    "[L2.2, L2.3] one that only answers probes stays, and one that does not is closed 4408",
    async () => {
      const room = "silent";
      const joinSilent = async (user: string, answersProbes: boolean) =>
        RawClient.join(server, room, await signToken(server.secret, user), { answersProbes });
      const startedAt = Date.now();
      const [answering, mute] = await Promise.all([
        joinSilent("answering", true),
        joinSilent("mute", false),
      ]);
      const joinedAt = Date.now();

      // The engine keeps the TCP connection for some seconds after the close frame.
      await expect(mute.untilClosed(2 * STALE_MS)).resolves.toEqual({
        code: 4408,
        reason: "stale",
      });
      expect(mute.frames.map(({ type }) => type)).toContain("probe");
      const { lastOnline } = await untilOffline(answering, "mute");
      expect(Date.parse(lastOnline!)).toBeGreaterThanOrEqual(startedAt);
      expect(Date.parse(lastOnline!)).toBeLessThanOrEqual(joinedAt);

      const probes = () => answering.frames.filter(({ type }) => type === "probe");
      await eventually(
        () => Date.now() - joinedAt,
        (livedMs) => livedMs > 1.2 * STALE_MS && probes().length >= 2,
        { withinMs: 2 * STALE_MS },
      );
      expect(answering.closed).toBeNull();
      expect(wokenAt(room).length).toBeGreaterThanOrEqual(2);
    },
    TIMEOUT_MS,
  );
});
