import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { ask, HOST, readRoom, refusal } from "../worker-kit/http.ts";
import { Peer, welcomeOf } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart, runAlarm } from "../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `tickets-${++rooms}`;
const INVALID = [401, "session_invalid"];

function askForTicket(token: string, room: unknown, headers: Record<string, string> = {}) {
  return ask("/tickets", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ room }),
  });
}

async function ticketFor(room: string, user = "ada"): Promise<string> {
  const answer = await askForTicket(await signIn(user), room);
  return (await answer.json<{ ticket: string }>()).ticket;
}

function use(room: string, ticket: string): Promise<Response> {
  return ask(`/rooms/${room}?ticket=${ticket}`, { headers: { Upgrade: "websocket" } });
}

describe("tickets", () => {
  it("[T1.1, T1.4] are given to a session, and open one connection with its expiry", async () => {
    const room = newRoom();
    const exp = Math.floor(Date.now() / 1000) + 1800;
    const token = await signIn("ada", { name: "Ada", exp });
    const answer = await ask("/tickets", {
      method: "POST",
      headers: { Cookie: `session=${token}`, Origin: "https://app.example.com" },
      body: JSON.stringify({ room }),
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    const { ticket, expiresAt } = await answer.json<{ ticket: string; expiresAt: string }>();
    const lasts = Date.parse(expiresAt) - Date.now();
    expect(lasts).toBeGreaterThan(58_000);
    expect(lasts).toBeLessThanOrEqual(61_000);

    const peer = new Peer((await use(room, ticket)).webSocket!);
    await peer.untilType("snapshot");
    expect(welcomeOf(peer)).toMatchObject({
      self: { id: "ada" },
      expiresAt: new Date(exp * 1000).toISOString(),
    });
    expect((await readRoom(room)).members).toMatchObject([{ id: "ada", name: "Ada" }]);
  });

  it("[T1.3] are good once, over hibernation and restart", async () => {
    const room = newRoom();
    const ticket = await ticketFor(room);
    const first = await use(room, ticket);
    first.webSocket!.accept();
    expect(await refusal(await use(room, ticket))).toEqual(INVALID);
    await hibernate(room);
    expect(await refusal(await use(room, ticket))).toEqual(INVALID);
    await restart(room);
    expect(await refusal(await use(room, ticket))).toEqual(INVALID);
    expect((await readRoom(room)).connections).toBe(1);
  });

  it("[T1.3] are refused late, for another room, altered, of another key, and where they are none", async () => {
    const room = newRoom();
    const ticket = await ticketFor(room);
    expect(await refusal(await use(newRoom(), ticket))).toEqual(INVALID);
    expect(await refusal(await use(room, `${ticket.slice(0, -3)}AAA`))).toEqual(INVALID);
    expect(await refusal(await use(room, await signIn("ada")))).toEqual(INVALID);
    const secret = new TextEncoder().encode(env.TICKET_SECRET);
    const forge = (typ: string, key: Uint8Array) =>
      new SignJWT({ room, jti: "1", session: { user: { id: "eve" }, roles: [], expiresAt: 9e12 } })
        .setProtectedHeader({ alg: "HS256", typ })
        .setExpirationTime("1m")
        .sign(key);
    expect(await refusal(await use(room, await forge("JWT", secret)))).toEqual(INVALID);
    const other = await forge("rollcall-ticket+jwt", new Uint8Array(32));
    expect(await refusal(await use(room, other))).toEqual(INVALID);
    passTime(62);
    expect(await refusal(await use(room, ticket))).toEqual(INVALID);
  });

  it("[T1.3] never outlive their session, and end with it", async () => {
    const room = newRoom();
    const seconds = Math.floor(Date.now() / 1000);
    const token = await signIn("ada", { exp: seconds + 20 });
    const answer = await askForTicket(token, room);
    const { ticket, expiresAt } = await answer.json<{ ticket: string; expiresAt: string }>();
    expect(Date.parse(expiresAt)).toBe((seconds + 20) * 1000);
    vi.setSystemTime((seconds + 20) * 1000);
    expect(await refusal(await use(room, ticket))).toEqual(INVALID);
    // The session itself is accepted within the tolerance of A2.
    const late = await askForTicket(token, room);
    expect(await refusal(late)).toEqual([401, "session_expired"]);
  });

  it("[T1.3, A2.1] of 0.1.0 are good, as far as their session is", async () => {
    const room = newRoom();
    const now = Date.now();
    const mint = (session: object) =>
      new SignJWT({ room, jti: crypto.randomUUID(), session })
        .setProtectedHeader({ alg: "HS256", typ: "rollcall-ticket+jwt" })
        .setExpirationTime("1m")
        .sign(new TextEncoder().encode(env.TICKET_SECRET));
    const session = {
      user: { id: "ada", name: "Ada", image: "/ada.png" },
      roles: ["staff"],
      issuedAt: now - 1000,
      undated: true,
      expiresAt: now + 60_000,
    };
    const good = await use(room, await mint(session));
    good.webSocket!.accept();
    const [row] = await query(room, "SELECT name, issued_at FROM members");
    expect(row).toEqual({ name: "Ada", issued_at: now - 1000 });
    for (const bad of [
      { user: { id: ".." } },
      { expiresAt: now - 1 },
      { expiresAt: null, rooms: null },
      { rooms: Array.from({ length: 101 }, String) },
    ]) {
      const answer = await use(room, await mint({ ...session, ...bad }));
      expect(await refusal(answer), JSON.stringify(bad)).toEqual(INVALID);
    }
    const endless = new Peer(
      (await use(room, await mint({ ...session, expiresAt: 9e15 }))).webSocket!,
    );
    await endless.untilType("welcome");
    expect(Date.parse(welcomeOf(endless).expiresAt)).toBeLessThan(now + 401 * 86_400_000);
  });

  it("[T1.5] a ticket is no session: not as bearer, not as cookie, not for reading", async () => {
    const room = newRoom();
    const ticket = await ticketFor(room);
    for (const headers of [
      { Authorization: `Bearer ${ticket}` },
      { Cookie: `session=${ticket}` },
    ]) {
      expect(await refusal(await ask(`/rooms/${room}`, { headers }))).toEqual(INVALID);
    }
    const read = await ask(`/rooms/${room}?ticket=${ticket}`);
    expect(await refusal(read)).toEqual([401, "unauthenticated"]);
    const minted = await ask(`/tickets?ticket=${ticket}`, { method: "POST", body: "{}" });
    expect(await refusal(minted)).toEqual(INVALID);
  });

  it("[T1.2, A3.3, A4.1] asking for one needs a session, an allowed origin, and a room it admits to", async () => {
    const token = await signIn("ada", { rooms: ["lobby"] });
    const none = await ask("/tickets", { method: "POST", body: JSON.stringify({ room: "lobby" }) });
    expect(await refusal(none)).toEqual([401, "unauthenticated"]);
    const foreign = await askForTicket(token, "lobby", { Origin: "https://evil.example.com" });
    expect(await refusal(foreign)).toEqual([403, "origin_forbidden"]);
    const cookie = await ask("/tickets", {
      method: "POST",
      headers: { Cookie: `session=${token}` },
    });
    expect(await refusal(cookie)).toEqual([403, "origin_forbidden"]);
    expect(await refusal(await askForTicket(token, "other"))).toEqual([403, "room_forbidden"]);
    expect(await refusal(await askForTicket(token, "../x"))).toEqual([400, "room_invalid"]);
    expect(await refusal(await askForTicket(token, 7))).toEqual([400, "bad_request"]);
    const long = await askForTicket(token, "x".repeat(20_000));
    expect(await refusal(long)).toEqual([413, "too_large"]);
    expect((await askForTicket(token, "lobby")).status).toBe(201);
  });

  it("[T1.1] there are none without the secret", async () => {
    const unset = { ...env, TICKET_SECRET: "" };
    const headers = { Authorization: `Bearer ${await signIn("ada")}` };
    const answer = await createApp().request(`${HOST}/tickets`, { method: "POST", headers }, unset);
    expect(await refusal(answer)).toEqual([404, "not_found"]);
  });

  it("[T1.3] the room remembers a used one until it has expired by any clock, and no longer", async () => {
    const room = newRoom();
    const answer = await use(room, await ticketFor(room));
    const peer = new Peer(answer.webSocket!);
    await peer.untilType("snapshot");
    expect(await query(room, "SELECT id FROM tickets")).toHaveLength(1);
    passTime(62);
    await runAlarm(room);
    expect(await query(room, "SELECT id FROM tickets")).toHaveLength(1);
    passTime(10);
    await runAlarm(room);
    expect(await query(room, "SELECT id FROM tickets")).toEqual([]);
  });
});
