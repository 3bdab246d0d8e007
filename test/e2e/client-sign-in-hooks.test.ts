import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RoomError } from "../../src/client/index.ts";
import { signToken } from "./client-kit.ts";
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

/** As a browser sends it: with an `Origin`, which it requires (SPEC A3). */
const cookieOf = (token: string) => ({ Cookie: `session=${token}`, Origin: server.url });

describe.concurrent("a client with no hook", () => {
  it("[A5.2] stays away from the start where it is refused, and says why", async () => {
    const expired = await signToken(server.secret, "ada", { exp: inSeconds(-60) });
    for (const [headers, code] of [
      [{}, "unauthenticated"],
      [cookieOf("nonsense"), "session_invalid"],
      [cookieOf(expired), "session_expired"],
      [cookieOf(await signToken(server.secret, "ada", { rooms: ["other"] })), "room_forbidden"],
    ] as const) {
      const client = enter(newRoom(), { headers: () => headers });
      expect(await client.away()).toBe(code);
      expect(client.state.error?.message).not.toBe("");
      expect(client.attempts).toHaveLength(1);
    }
  });
});

describe.concurrent("hooks", () => {
  it("[A5.2] `onUnauthorized` that has nothing better keeps the client away", async () => {
    const told: RoomError[] = [];
    const onUnauthorized = (error: RoomError) => told.push(error) === 0;
    const client = enter(newRoom(), { headers: () => cookieOf("nonsense"), onUnauthorized });
    expect(await client.away()).toBe("session_invalid");
    expect(told).toEqual([{ code: "session_invalid", message: expect.any(String) }]);
    expect(client.attempts).toHaveLength(1);
  });

  it("[T1.3, T2.3] that fail are asked again, later each time, and are no refusal", async () => {
    const token = await signToken(server.secret, "ada");
    const room = newRoom();
    let cookie = "nonsense";
    const calls = { getTicket: 0, getToken: 0, onUnauthorized: 0 };
    const failTwice = (hook: keyof typeof calls) => {
      if (++calls[hook] <= 2) throw new Error("The app's backend does not answer.");
    };
    const joined = [
      enter(room, {
        getTicket: () => {
          failTwice("getTicket");
          return ticketFor(room, token);
        },
      }),
      enter(room, {
        getToken: () => {
          failTwice("getToken");
          return token;
        },
      }),
      enter(room, {
        headers: () => cookieOf(cookie),
        onUnauthorized: () => {
          failTwice("onUnauthorized");
          cookie = token;
          return true;
        },
      }),
    ];
    await Promise.all(joined.map((client) => client.online()));
    expect(calls).toEqual({ getTicket: 3, getToken: 3, onUnauthorized: 3 });
  });

  it("are not asked by a client that has left", async () => {
    let asked = 0;
    const client = enter(newRoom(), {
      getTicket: () => String(++asked),
      onUnauthorized: () => ++asked > 0,
    });
    client.room.leave();
    await sleep(500);
    expect(asked).toBe(0);
    expect(client.attempts).toEqual([]);
  });
});
