import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { ObservedClient, type ObserveOptions } from "./observed-client.ts";
import { type Server, type ServerOptions, startServer } from "./server.ts";

const VARS = { TICKET_SECRET: "t".repeat(32), IN_BAND_AUTH: "true" };
const RENEWING = { ...VARS, RENEW: "server" };

const clients: ObservedClient[] = [];
const servers = new Map<string, Promise<Server>>();

afterAll(async () => {
  for (const { room } of clients) room.leave();
  for (const server of servers.values()) await (await server).stop();
});

/** A server for all tests that need these settings. */
function serverWith(vars: NonNullable<ServerOptions["vars"]>): Promise<Server> {
  const key = JSON.stringify(vars);
  let server = servers.get(key);
  if (!server) servers.set(key, (server = startServer({ vars })));
  return server;
}

function enter({ url }: Server, room: string, options: ObserveOptions): ObservedClient {
  const client = new ObservedClient(`${url}/rooms/${room}`, options);
  clients.push(client);
  return client;
}

/** Waits until a time has passed, which no machine can make shorter. */
const untilTime = (time: number) => sleep(time - Date.now());
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const cookieOf = (server: Server, token: string) => ({
  Cookie: `session=${token}`,
  Origin: server.url,
});

/** The types of the frames about the session. */
function aboutSession({ attempts }: ObservedClient): string[] {
  const types = attempts.flatMap(({ received }) => received.map(({ type }) => type));
  return types.filter((type) => type === "expiring" || type === "renewed");
}

const tokensSent = (client: ObservedClient) =>
  client.attempts.flatMap(({ sent }) => sent.filter((text) => text.startsWith('{"type":"auth"')));

describe.concurrent("a client whose session ends soon", () => {
  it("[T3.1, T4.1] renews it in time, again and again, at an easy pace, and is never closed", async () => {
    const server = await serverWith(VARS);
    const life = 10;
    const exp = inSeconds(life);
    const client = enter(server, "renewing", {
      getToken: () => signToken(server.secret, "ada", { exp: inSeconds(life) }),
    });
    const bob = await RawClient.join(server, "renewing", await signToken(server.secret, "bob"));
    await client.online();
    await untilTime((exp + life + 2) * 1000);
    expect(client.attempts).toHaveLength(1);
    expect(client.last.closed).toBeNull();
    expect(client.state).toMatchObject({ connection: "online", error: null });
    const renewals = aboutSession(client).filter((type) => type === "renewed");
    expect(renewals.length).toBeGreaterThanOrEqual(3);
    // The notice of such short sessions comes at once, which must not cause a loop.
    expect(tokensSent(client).length).toBeLessThan(12);
    const told = bob.frames.filter(({ type }) => type === "delta");
    expect(told.length).toBeLessThanOrEqual(1);
  });

  it("[T4.1] asks an app again that gave the old token, or failed, while there is time", async () => {
    const server = await serverWith(VARS);
    const exp = inSeconds(15);
    const old = await signToken(server.secret, "ada", { exp });
    const good = await signToken(server.secret, "ada");
    let asked = 0;
    const client = enter(server, "insisting", {
      getToken: () => {
        asked++;
        if (asked === 2) throw new Error("The app's backend does not answer.");
        return asked <= 3 ? old : good;
      },
    });
    await client.online();
    await untilTime((exp + 2) * 1000);
    expect(asked).toBe(4);
    expect(client.attempts).toHaveLength(1);
    expect(client.last.closed).toBeNull();
  });

  it("[T3.5] shows an error where the newer token is bad, and keeps the connection", async () => {
    const server = await serverWith(VARS);
    const first = await signToken(server.secret, "ada", { exp: inSeconds(20) });
    const tokens = [first, "nonsense"];
    const client = enter(server, "bad-renewal", { getToken: () => tokens.shift() ?? first });
    const { error } = await client.until((state) => state.error !== null);
    expect(error?.code).toBe("session_invalid");
    expect(client.state.connection).toBe("online");
    expect(client.last.closed).toBeNull();
  });
});

describe.concurrent("a client of a service that renews by itself", () => {
  it("[T5.1, T5.2, T2.3] keeps the token it is given, and comes back with it over the socket", async () => {
    const server = await serverWith(RENEWING);
    const exp = inSeconds(8);
    let cookie = await signToken(server.secret, "ada", { exp, name: "Ada" });
    const client = enter(server, "kept", { headers: () => cookieOf(server, cookie) });
    await client.online();
    const renewed = await eventually(
      () => client.last.received.find(({ type }) => type === "renewed"),
      (frame) => frame !== undefined,
    );
    const token = renewed?.type === "renewed" ? renewed.token : undefined;
    expect(token).toBeDefined();
    // The cookie is no longer valid, as after the tolerance of its expiry.
    cookie = await signToken(server.secret, "ada", { exp: exp - 60 });
    await untilTime((exp + 2) * 1000);
    expect(client.last.closed).toBeNull();

    client.cut();
    const { url, sent, received } = await client.onlineAgain();
    expect(url.searchParams.get("auth")).toBe("message");
    expect(sent[0]).toBe(JSON.stringify({ type: "auth", token }));
    expect(received.map(({ type }) => type).slice(0, 3)).toEqual([
      "authenticate",
      "welcome",
      "delta",
    ]);
    expect(client.state.members).toMatchObject([{ id: "ada", name: "Ada", connections: 1 }]);
    expect(client.attempts).toHaveLength(2);
  });

  it("[T5.2] falls back on the app's own credential where the service's token is no good any more", async () => {
    const own = await startServer({ vars: RENEWING });
    const token = await signToken(own.secret, "ada", { exp: inSeconds(30) });
    let asked = 0;
    const client = enter(own, "fallback", {
      headers: () => cookieOf(own, token),
      onUnauthorized: () => ++asked < 0,
    });
    await client.online();
    await eventually(
      () => aboutSession(client),
      (types) => types.includes("renewed"),
    );
    await own.kill();
    const { persist, port } = own;
    const vars = { ...RENEWING, TICKET_SECRET: "u".repeat(32) };
    const again = await startServer({ vars, persist, port });
    servers.set("fallback", Promise.resolve(again));
    const { url } = await client.onlineAgain();
    expect(url.searchParams.has("auth")).toBe(false);
    expect(asked).toBe(0);
    expect(client.attempts.at(-2)?.closed).toBe(4401);
    const reader = await signToken(again.secret, "reader");
    expect((await readRoom(again, "fallback", reader)).connections).toBe(1);
  });
});

describe.concurrent("a client with no `getToken`", () => {
  it("[T4.2] leaves the notice unanswered, and asks once it is closed", async () => {
    const server = await serverWith(VARS);
    let cookie = await signToken(server.secret, "ada", { exp: inSeconds(6) });
    /** What had happened when the app was asked. */
    const asked: unknown[] = [];
    const client = enter(server, "unanswered", {
      headers: () => cookieOf(server, cookie),
      onUnauthorized: async () => {
        asked.push([client.attempts.map(({ closed }) => closed), aboutSession(client)]);
        cookie = await signToken(server.secret, "ada");
        return true;
      },
    });
    await client.online();
    await client.onlineAgain();
    expect(asked).toEqual([[[4401], ["expiring"]]]);
    expect(tokensSent(client)).toEqual([]);
  });
});
