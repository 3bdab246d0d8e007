import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { ObservedClient, type ObserveOptions } from "./observed-client.ts";
import { type Server, startServer } from "./server.ts";

const VARS = { TICKET_SECRET: "t".repeat(32), IN_BAND_AUTH: "true" };

let server: Server;
let rooms = 0;
const clients: ObservedClient[] = [];

beforeAll(async () => {
  server = await startServer({ vars: VARS });
});

afterAll(async () => {
  for (const { room } of clients) room.leave();
  await server?.stop();
});

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const newRoom = () => `sign-in-${++rooms}`;

function enter(room: string, options: ObserveOptions): ObservedClient {
  const client = new ObservedClient(`${server.url}/rooms/${room}`, options);
  clients.push(client);
  return client;
}

async function ticketFor(room: string, token: string): Promise<string> {
  const response = await fetch(`${server.url}/tickets`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ room }),
  });
  // Without a valid session, the app has no ticket: this one is used instead.
  return response.ok ? ((await response.json()) as { ticket: string }).ticket : token;
}

/** An app that provides its client's credentials. */
interface App {
  /** What it holds. */
  token: string;
  /** How often it was asked for a better credential than the first one. */
  asked: number;
  options: ObserveOptions;
}

const newApp = (token: string, options: ObserveOptions): App => ({ token, asked: 0, options });

/** What the app does when the client asks for a credential. */
type Refresh = (app: App) => void | Promise<void>;

/** As a browser sends it: with an `Origin`, which it requires (SPEC A3). */
const cookieOf = (token: string) => ({ Cookie: `session=${token}`, Origin: server.url });

/** Each way to be signed in, and the hook by which the client asks for better. */
const WAYS: Record<string, (room: string, token: string, refresh: Refresh) => App> = {
  cookie: (_room, token, refresh) => {
    const app = newApp(token, {
      headers: () => cookieOf(app.token),
      onUnauthorized: async () => {
        app.asked++;
        await refresh(app);
        return true;
      },
    });
    return app;
  },
  ticket: (room, token, refresh) => {
    const app = newApp(token, {
      getTicket: async () => {
        if (++app.asked > 0) await refresh(app);
        return ticketFor(room, app.token);
      },
    });
    app.asked = -1;
    return app;
  },
  "in band": (_room, token, refresh) => {
    const app = newApp(token, {
      getToken: async () => {
        if (++app.asked > 0) await refresh(app);
        return app.token;
      },
    });
    app.asked = -1;
    return app;
  },
};
const WAY_NAMES = Object.keys(WAYS);

/** What others do while the client is away; resolves once the room has it. */
async function change(room: string): Promise<void> {
  const bob = await RawClient.join(server, room, await signToken(server.secret, "bob"));
  await bob.request({ type: "update", status: "busy", data: { doing: "changes" } });
}

/** Expects the client to have resumed from its state, and to have what the room answers. */
async function expectResumed(client: ObservedClient, room: string, held: string): Promise<void> {
  const { url, received } = await client.onlineAgain();
  expect(url.searchParams.get("since")).toBe(held);
  const told = received.filter(({ type }) => type !== "authenticate");
  expect(told.map(({ type }) => type).slice(0, 2)).toEqual(["welcome", "delta"]);
  const [, delta] = told;
  expect(delta?.type === "delta" && `${delta.epoch}.${delta.from}`).toBe(held);
  const { members } = await readRoom(server, room, await signToken(server.secret, "reader"));
  expect((await client.until((state) => state.members.length === 2)).members).toEqual(members);
  expect(members.map(({ id, status }) => [id, status])).toEqual([
    ["ada", "online"],
    ["bob", "busy"],
  ]);
  expect(client.state.error).toBeNull();
}

/** `<epoch>.<version>` of a client's state, from the snapshot it received. */
function heldBy({ attempts }: ObservedClient): string {
  const states = attempts[0]!.received.filter(
    ({ type }) => type === "snapshot" || type === "delta",
  );
  const last = states.at(-1);
  if (last?.type !== "snapshot" && last?.type !== "delta") throw new Error("It holds nothing.");
  return `${last.epoch}.${last.version}`;
}

/** Ways of which an upgrade that failed on its way is told from one that was refused. */
const TOLD_APART = ["cookie", "in band", "ticket"];

describe.concurrent.each(WAY_NAMES)("a client that signs in by %s", (way) => {
  it("[T4.2, V3] asks once when its session has ended, resumes, and misses nothing", async () => {
    const room = newRoom();
    const good = await signToken(server.secret, "ada");
    const exp = inSeconds(8);
    const first = await signToken(server.secret, "ada", { exp });
    let client: ObservedClient | null = null;
    let held = "";
    let askedBefore = 0;
    const app = WAYS[way]!(room, first, async (app) => {
      // What comes before the end is asked for a renewal, and has none to give.
      if (client?.attempts[0]?.closed !== 4401) return void (askedBefore = app.asked);
      held = heldBy(client);
      await change(room);
      app.token = good;
    });
    client = enter(room, app.options);
    await client.online();
    await client.onlineAgain();
    await expectResumed(client, room, held);
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    expect(client.attempts).toHaveLength(2);
    expect(app.asked - askedBefore).toBe(1);
  });

  it("[A5.2, V3] asks once when its next connect is refused, resumes, and misses nothing", async () => {
    const room = newRoom();
    const good = await signToken(server.secret, "ada");
    const forged = await signToken("x".repeat(32), "ada");
    let refused = 0;
    const app = WAYS[way]!(room, good, async (app) => {
      // A ticket and a token are asked for at each connect: the first time the app errs.
      if (way !== "cookie" && ++refused === 1) return void (app.token = forged);
      await change(room);
      app.token = good;
    });
    const client = enter(room, app.options);
    await client.online();
    const held = heldBy(client);
    app.token = forged;
    client.cut();
    await client.onlineAgain();
    await expectResumed(client, room, held);
    expect(client.attempts).toHaveLength(3);
    expect(app.asked).toBe(way === "cookie" ? 1 : 2);
  });

  it("[A5.2] does not ask for ever an app that has nothing better", async () => {
    const forged = await signToken("x".repeat(32), "ada");
    const app = WAYS[way]!(newRoom(), forged, () => {});
    const client = enter(newRoom(), app.options);
    expect(await client.away()).toBe("session_invalid");
    expect(app.asked).toBe(1);
    expect(client.attempts).toHaveLength(2);
    // For something that must not happen one can only wait.
    await sleep(1_000);
    expect(app.asked).toBe(1);
    expect(client.attempts).toHaveLength(2);
  });

  it("[A2.8, T4.2] does not ask in a circle with a session that has just ended, which the tolerance lets in", async () => {
    const room = newRoom();
    const ended = await signToken(server.secret, "ada", { exp: inSeconds(0) });
    const app = WAYS[way]!(room, ended, () => {});
    const client = enter(room, app.options);
    // A ticket ends with its session, tolerance or not (SPEC T1).
    const code = way === "ticket" ? "session_invalid" : "session_expired";
    expect(await client.away()).toBe(code);
    expect(app.asked).toBeLessThanOrEqual(2);
    expect(client.attempts).toHaveLength(2);
  });

  it("[L6.1] takes a server that is gone for an outage, and comes back without being asked", async () => {
    const own = await startServer({ vars: VARS });
    const token = await signToken(own.secret, "ada");
    let refusals = 0;
    const onUnauthorized = () => ++refusals < 0;
    const hooks: Record<string, ObserveOptions> = {
      cookie: { headers: () => ({ Cookie: `session=${token}`, Origin: own.url }) },
      ticket: {
        getTicket: async () => {
          const headers = { Authorization: `Bearer ${token}` };
          const body = JSON.stringify({ room: "outage" });
          const response = await fetch(`${own.url}/tickets`, { method: "POST", headers, body });
          return ((await response.json()) as { ticket: string }).ticket;
        },
      },
      "in band": { getToken: () => token },
    };
    const client = new ObservedClient(`${own.url}/rooms/outage`, { ...hooks[way], onUnauthorized });
    clients.push(client);
    await client.online();
    const held = heldBy(client);
    await own.kill();
    await client.until(({ connection }) => connection === "reconnecting");
    // Without its server an app cannot give a ticket: no socket is tried.
    if (way !== "ticket")
      await eventually(
        () => client.attempts.length,
        (count) => count >= 3,
      );
    else await sleep(1_000);
    expect(client.state.connection).toBe("reconnecting");

    const { persist, port } = own;
    const again = await startServer({ vars: VARS, persist, port });
    const back = await client.onlineAgain();
    expect(back.url.searchParams.get("since")).toBe(held);
    expect(refusals).toBe(0);
    await again.stop();
  });
});

describe.concurrent.each(TOLD_APART)(
  "a network that lets reads through and no socket, by %s",
  (way) => {
    it("[A5.2] is no refusal", async () => {
      const room = newRoom();
      const app = WAYS[way]!(room, await signToken(server.secret, "ada"), () => {});
      const client = enter(room, {
        ...app.options,
        misdirect: (attempt) => (attempt < 3 ? "ws://127.0.0.1:9/" : undefined),
      });
      await client.online();
      expect(client.attempts).toHaveLength(4);
      expect(client.reads).toHaveLength(3);
      expect(client.reads).not.toContain(null);
      // A ticket or token is asked for at each attempt, and for each poll too.
      const polls = client.requests.filter(({ method }) => method === "PUT").length;
      expect(app.asked).toBe(way === "cookie" ? 0 : 3 + polls);
    });
  },
);
