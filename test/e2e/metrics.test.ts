import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

interface Point {
  indexes: string[];
  blobs: string[];
  doubles: number[];
}

let server: Server;

beforeAll(async () => {
  server = await startServer({
    main: "test/e2e/worker/measured.ts",
    // Less time would make a ghost of who only says little on a busy machine, too.
    vars: { STALE_SECONDS: "15", GRACE_SECONDS: "0" },
  });
});
afterAll(() => server?.stop());

const points = (): Point[] =>
  server.logs
    .filter((line) => line.startsWith('{"event":"point"'))
    .map((line) => JSON.parse(line) as Point);

const of = (event: string) => points().filter(({ blobs }) => blobs[0] === event);

it("[O4.1] joins, leaves, refusals and deliveries are points whose columns stand", async () => {
  const room = `r${":long".repeat(24)}`;
  const token = (user: string) => signToken(server.secret, user);
  const [ada, bob] = [
    await RawClient.join(server, room, await token("ada")),
    await RawClient.join(server, room, await token("bob")),
  ];
  await bob.request({ type: "update", status: "busy" });
  await bob.leave();
  await RawClient.join(server, room, await token("ghost"), { answersProbes: false });
  await expect(readRoom(server, room, "no token")).rejects.toThrow("401");
  await expect(readRoom(server, "%20", await token("ada"))).rejects.toThrow("400");
  await ada.leave();
  await eventually(
    () => of("leave"),
    ({ length }) => length === 3,
  );

  const index = room.slice(0, 96);
  const one = (event: string, detail: string, where = room) => ({
    event: "point",
    indexes: [where.slice(0, 96)],
    blobs: [event, where, detail],
    doubles: [1, 0, 0],
  });
  expect(of("join")).toEqual([one("join", ""), one("join", ""), one("join", "")]);
  expect(of("leave")).toEqual([one("leave", "left"), one("leave", "left"), one("leave", "stale")]);
  expect(of("refused")).toEqual([
    one("refused", "session_invalid"),
    one("refused", "room_invalid", ""),
  ]);
  const deliveries = of("fanout");
  expect(deliveries.length).toBeGreaterThanOrEqual(3);
  for (const { indexes, blobs, doubles } of deliveries) {
    expect([indexes, blobs]).toEqual([[index], ["fanout", room, ""]]);
    const [sockets, waitedMs, length] = doubles as [number, number, number];
    expect(doubles).toHaveLength(3);
    expect(sockets).toBeGreaterThanOrEqual(0);
    expect(sockets).toBeLessThanOrEqual(3);
    expect(waitedMs).toBeGreaterThanOrEqual(0);
    expect(length).toBeGreaterThan(100);
  }
  expect(deliveries.map(({ doubles }) => doubles[0])).toContain(2);
});
