import { afterAll, beforeAll, expect, it } from "vitest";
import { readRoom, signToken } from "./client-kit.ts";
import { ObservedClient } from "./observed-client.ts";
import { type Server, startServer } from "./server.ts";

const CROWD = 50;
/** The last of them waits a random time, and a busy machine lets all wait. */
const VARS = { GRACE_SECONDS: "60" };

let server: Server;
let crowd: ObservedClient[] = [];

beforeAll(async () => {
  server = await startServer({ vars: VARS });
});

afterAll(async () => {
  for (const { room } of crowd) room.leave();
  await server?.stop();
});

it("[K7.1, L6.1, V3] a deploy under fifty people is seen by nobody, and all of them are back", async () => {
  crowd = await Promise.all(
    Array.from({ length: CROWD }, async (_, at) => {
      const token = await signToken(server.secret, `user-${at}`);
      const headers = () => ({ Authorization: `Bearer ${token}` });
      return new ObservedClient(`${server.url}/rooms/deploy`, { headers });
    }),
  );
  const everybody = ({ online, connection }: { online: number; connection: string }) =>
    connection === "online" && online === CROWD;
  await Promise.all(crowd.map((client) => client.until(everybody)));
  const before = crowd[0]!.state.members;

  const { persist, port } = server;
  await server.kill();
  await Promise.all(
    crowd.map((client) => client.until(({ connection }) => connection === "reconnecting")),
  );
  server = await startServer({ vars: VARS, persist, port });
  const back = await Promise.all(crowd.map((client) => client.onlineAgain()));

  for (const { received, url } of back) {
    expect(url.searchParams.has("since")).toBe(true);
    // Later ones may be probes.
    expect(received.slice(0, 2)).toMatchObject([
      { type: "welcome" },
      { type: "delta", set: [], gone: [] },
    ]);
    const told = received.slice(2).map(({ type }) => type);
    expect(told.filter((type) => type !== "probe")).toEqual([]);
  }
  const { members } = await readRoom(server, "deploy", await signToken(server.secret, "user-0"));
  expect(members).toEqual(before);
  for (const { state } of crowd) expect(state.members).toEqual(before);
}, 600_000);
