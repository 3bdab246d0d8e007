import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import { ObservedClient, type ObserveOptions } from "./observed-client.ts";
import { type Server, startServer } from "./server.ts";
import { statusesOf } from "./told.ts";

const SERVER_KEY = "k".repeat(32);
const LIFE_SECONDS = 4;
/** A busy machine may take longer to come back than a grace period lasts. */
const PATIENT = { GRACE_SECONDS: "60" };
/** A few lives of a session, each with a way back. */
const WAIT_MS = 100_000;

const clients: ObservedClient[] = [];
let server: Server;

beforeAll(async () => {
  server = await startServer({ vars: { SERVER_KEY, ...PATIENT } });
});

afterAll(async () => {
  for (const { room } of clients) room.leave();
  await server?.stop();
});

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

function enter(url: string, options: ObserveOptions): ObservedClient {
  const client = new ObservedClient(url, options);
  clients.push(client);
  return client;
}

/** How the client's sockets ended. */
const closesOf = ({ attempts }: ObservedClient) => attempts.map(({ closed }) => closed);

/** Waits until a client has outlived the ends of its sessions; returns what others saw. */
async function seenByOthers(client: ObservedClient, watcher: RawClient): Promise<string[]> {
  const states: string[] = [];
  client.room.subscribe(() => states.push(client.state.connection));
  await eventually(
    () => closesOf(client),
    (closes) => closes.filter((code) => code === 4401).length >= 3,
    { withinMs: WAIT_MS },
  );
  await client.online();
  expect(client.reads).toEqual([]);
  expect(client.state.error).toBeNull();
  expect(new Set(states)).toEqual(new Set(["reconnecting", "online"]));
  const deltas = watcher.frames.filter(({ type }) => type === "delta");
  expect(deltas.length).toBeLessThanOrEqual(1);
  return statusesOf(watcher.frames, "ada");
}

describe.concurrent("a client with no hook whose app renews its cookie", () => {
  it("[K14] goes on with the next cookie, and nobody sees it: a JWT", async () => {
    const cookie = () => signToken(server.secret, "ada", { exp: inSeconds(LIFE_SECONDS) });
    let session = await cookie();
    const renewing = setInterval(async () => (session = await cookie()), 1_000);
    const watcher = await RawClient.join(server, "jwt", await signToken(server.secret, "eve"));
    const client = enter(`${server.url}/rooms/jwt`, {
      headers: () => ({ Cookie: `session=${session}`, Origin: server.url }),
    });
    await client.online();
    expect(await seenByOthers(client, watcher)).toEqual(["online"]);
    clearInterval(renewing);
  });

  it("[K14] goes on with the same cookie, whose session the app prolongs: introspection", async () => {
    /** Ends of the sessions, in milliseconds, by their cookie. */
    const ends = new Map([["session=eve", Date.now() + 3_600_000]]);
    const app: HttpServer = createServer((request, response) => {
      const expiresAt = ends.get(request.headers.cookie ?? "");
      const id = request.headers.cookie?.slice("session=".length);
      if (expiresAt === undefined) return response.writeHead(401).end();
      return response.end(JSON.stringify({ user: { id }, expiresAt }));
    }).listen(0, "127.0.0.1");
    await once(app, "listening");
    const own = await startServer({
      vars: {
        ...PATIENT,
        SESSION_FORMAT: "introspection",
        SESSION_INTROSPECTION_URL: `http://localhost:${(app.address() as AddressInfo).port}/session`,
      },
    });
    const watcher = await RawClient.join(own, "introspected", "eve");
    const prolong = () => ends.set("session=ada", Date.now() + LIFE_SECONDS * 1_000);
    const renewing = setInterval(prolong, 1_000);
    prolong();
    const client = enter(`${own.url}/rooms/introspected`, {
      headers: () => ({ Cookie: "session=ada", Origin: own.url }),
    });
    await client.online();
    expect(await seenByOthers(client, watcher)).toEqual(["online"]);
    clearInterval(renewing);
    await own.stop();
    app.close();
  });
});

describe.concurrent("a client with no hook whose cookie is not renewed", () => {
  it("[K14, A5.2] stays away once the door refuses that, and says why", async () => {
    const exp = inSeconds(8);
    const token = await signToken(server.secret, "ada", { exp });
    const client = enter(`${server.url}/rooms/ended`, {
      headers: () => ({ Cookie: `session=${token}`, Origin: server.url }),
    });
    await client.online();
    const { error } = await client.until(({ connection }) => connection === "closed", WAIT_MS);
    expect(error?.code).toBe("session_expired");
    // The clock tolerance admits it for 5 s more; it reconnects slowly.
    expect(Date.now()).toBeGreaterThan((exp + 5) * 1_000);
    expect(client.attempts.length).toBeLessThan(12);
  });

  it("[K14, B3.1] stays away where its session was revoked, and is seen to leave", async () => {
    const token = await signToken(server.secret, "zoe", { sid: "s1" });
    const watcher = await RawClient.join(server, "revoked", await signToken(server.secret, "eve"));
    const client = enter(`${server.url}/rooms/revoked`, {
      headers: () => ({ Cookie: `session=${token}`, Origin: server.url }),
    });
    await client.online();
    await fetch(`${server.url}/users/zoe/revocations`, {
      method: "POST",
      headers: { Authorization: `Bearer ${SERVER_KEY}` },
      body: JSON.stringify({ session: "s1" }),
    });
    expect(await client.away()).toBe("session_revoked");
    expect(client.attempts).toHaveLength(2);
    await eventually(
      () => statusesOf(watcher.frames, "zoe"),
      (statuses) => statuses.join() === "online,offline",
    );
  });
});
