import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, refusal } from "../../worker-kit/http.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { hibernate, passTimeWithAlarms, tablesOf } from "../../worker-kit/time.ts";

const [KEY] = env.SERVER_KEY!.split(", ") as [string];
const headers = { Authorization: `Bearer ${KEY}` };

let prefixes = 0;
/** A name's beginning that no other test has. */
const newPrefix = () => `stats-${++prefixes}-`;

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function leave(peer: Peer): Promise<void> {
  await peer.ask({ type: "leave" });
  await peer.closed;
}

describe("a room's stats", () => {
  const stats = async (room: string) =>
    (await ask(`/rooms/${room}/stats`, { headers })).json<Record<string, unknown>>();

  it("[B10] tell what is kept, and what was removed", async () => {
    const room = `${newPrefix()}stats`;
    const ada = await join(room, "ada");
    await join(room, "bob");
    await join(room, "bob");
    await leave(ada);
    const { epoch, version, ...rest } = await stats(room);
    expect([typeof epoch, version]).toEqual(["string", 4]);
    expect(rest).toEqual({
      room,
      online: 1,
      connections: 2,
      members: 2,
      sockets: 2,
      ghosts: 0,
      outbox: { messages: 0, events: 0, oldest: null, dead: 0 },
    });
    await passTimeWithAlarms(room, 60);
    await hibernate(room);
    expect(await stats(room)).toMatchObject({ online: 0, members: 2, sockets: 0, ghosts: 2 });
  });

  it("[B10, R7] of a room that nobody was ever in store nothing; a bad name is refused", async () => {
    const room = `${newPrefix()}none`;
    expect(await stats(room)).toMatchObject({ version: 0, online: 0, members: 0, ghosts: 0 });
    expect(await tablesOf(room)).toEqual([]);
    const bad = await ask("/rooms/%20/stats", { headers });
    expect(await refusal(bad)).toEqual([400, "room_invalid"]);
  });
});
