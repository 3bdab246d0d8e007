import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { ObservedClient, type ObserveOptions } from "./observed-client.ts";
import { type Server, startServer } from "./server.ts";
import { statusesOf } from "./told.ts";

let server: Server;
/**
 * One whose clients have less than half a second to answer, which a busy machine may not give them. With
 * more, a client would give up its silent room before that gives up the client.
 */
let hasty: Server;
const clients: ObservedClient[] = [];

beforeAll(async () => {
  [server, hasty] = await Promise.all([
    // A grace period is longer than any wait here.
    startServer({ vars: { IN_BAND_AUTH: "true", GRACE_SECONDS: "60" } }),
    startServer({ vars: { STALE_SECONDS: "3" } }),
  ]);
});

afterAll(async () => {
  for (const { room } of clients) room.leave();
  await Promise.all([server?.stop(), hasty?.stop()]);
});

function enter(room: string, options: ObserveOptions, { url } = server): ObservedClient {
  const client = new ObservedClient(`${url}/rooms/${room}`, options);
  clients.push(client);
  return client;
}

async function bearer(user: string, { secret } = server): Promise<ObserveOptions> {
  const token = await signToken(secret, user);
  return { headers: () => ({ Authorization: `Bearer ${token}` }) };
}

describe.concurrent("a client that the room closes", () => {
  it("[W11.2] for its bad frames stays away, and reports", async () => {
    const client = enter("bad-frames", await bearer("ada"));
    await client.online();
    for (let times = 0; times < 10; times++) client.last.ws.send("garbage");
    expect(await client.away()).toBe("bad_message");
    expect(client.last.closed).toBe(4400);
    expect(client.attempts).toHaveLength(1);
  });

  it("[A4.1, T2.3] since its session does not admit to the room stays away, and reports", async () => {
    let asked = 0;
    const client = enter("forbidden", {
      getToken: () => {
        asked++;
        return signToken(server.secret, "ada", { rooms: ["other"] });
      },
      onUnauthorized: () => ++asked > 0,
    });
    expect(await client.away()).toBe("room_forbidden");
    expect(client.last.closed).toBe(4403);
    expect(client.attempts).toHaveLength(1);
    expect(asked).toBe(1);
  });

  it("[L2.2, L3.1, V3] as stale comes back at once, resumes, and misses nothing", async () => {
    let isFrozen = false;
    const options = { ...(await bearer("ada", hasty)), loses: () => isFrozen };
    const client = enter("stale", options, hasty);
    await client.online();
    isFrozen = true;
    await client.until(({ connection }) => connection === "reconnecting");
    isFrozen = false;
    expect(client.attempts[0]?.closed).toBe(4408);
    const bobs = await signToken(hasty.secret, "bob");
    await eventually(
      async () => {
        const bob = await RawClient.join(hasty, "stale", bobs);
        await bob.request({ type: "update", status: "busy" });
      },
      () => true,
    );
    await client.onlineAgain();
    // A machine too busy to answer in time may have been closed once more since.
    const { received, url } = client.attempts[1]!;
    expect(url.searchParams.has("since")).toBe(true);
    expect(received.map(({ type }) => type).slice(0, 2)).toEqual(["welcome", "delta"]);
    await client.until(({ members }) => members.some(({ id }) => id === "bob"));
    const reader = await signToken(hasty.secret, "reader");
    await eventually(
      () => readRoom(hasty, "stale", reader),
      ({ members }) => JSON.stringify(members) === JSON.stringify(client.state.members),
    );
  });

  it("[K19] leaves while its socket opens, and is not shown for the length of a grace", async () => {
    const watcher = await RawClient.join(server, "opening", await signToken(server.secret, "eve"));
    for (const waitMs of [0, 1, 2, 4, 8]) {
      const client = enter("opening", await bearer("ada"));
      await eventually(
        () => client.attempts,
        ({ length }) => length === 1,
        { everyMs: 0 },
      );
      await sleep(waitMs);
      client.room.leave();
    }
    // Whatever the room hears of them, it has heard once their sockets have ended.
    const opening = clients.filter(
      ({ attempts }) => attempts[0]?.url.pathname === "/rooms/opening",
    );
    await eventually(
      () => opening.map(({ attempts }) => attempts[0]!.closed),
      (closes) => closes.every((code) => code !== null),
    );
    // Sooner than any grace period is over.
    const reader = await signToken(server.secret, "reader");
    await eventually(
      () => readRoom(server, "opening", reader),
      ({ connections }) => connections === 1,
    );
    await watcher.request({ type: "update", status: "busy" });
    const shown = await eventually(
      () => statusesOf(watcher.frames, "ada").at(-1),
      (status) => status !== "online",
    );
    expect(["offline", undefined]).toContain(shown);
  });

  it("[W10] leaves for good when it is told to, from any state", async () => {
    const client = enter("leaving", await bearer("ada"));
    await client.online();
    client.room.leave();
    expect(client.state).toMatchObject({ connection: "closed", error: null });
    const reader = await signToken(server.secret, "reader");
    await eventually(
      () => readRoom(server, "leaving", reader),
      ({ online }) => online === 0,
    );

    const early = enter("leaving", await bearer("ada"));
    early.room.leave();
    expect(early.state.connection).toBe("closed");
  });
});
