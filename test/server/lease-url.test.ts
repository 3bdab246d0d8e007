import { describe, expect, it } from "vitest";
import { ask, readRoom, refusal } from "../worker-kit/http.ts";
import { giveUp, hold, put } from "../worker-kit/lease.ts";
import { useUpMinute } from "../worker-kit/minute.ts";
import { signIn } from "../worker-kit/sign-in.ts";

let rooms = 0;
const newRoom = () => `lease-url-${++rooms}`;
const bearer = async (user: string, claims = {}) => ({
  Authorization: `Bearer ${await signIn(user, claims)}`,
});

describe("who may have a lease", () => {
  it("[P1.2] is judged like a join, before the room is asked", async () => {
    const room = newRoom();
    const cookie = { Cookie: `session=${await signIn("ada")}` };
    const allowed = { ...cookie, Origin: "https://app.example.com" };
    expect(await refusal(await put(room, {}, {}))).toEqual([401, "unauthenticated"]);
    expect(await refusal(await put(room, {}, { Authorization: "Bearer bad" }))).toEqual([
      401,
      "session_invalid",
    ]);
    expect(await refusal(await put(room, {}, cookie))).toEqual([403, "origin_forbidden"]);
    const foreign = { ...cookie, Origin: "https://evil.example" };
    expect(await refusal(await put(room, {}, foreign))).toEqual([403, "origin_forbidden"]);
    const elsewhere = await bearer("ada", { rooms: ["other"] });
    expect(await refusal(await put(room, {}, elsewhere))).toEqual([403, "room_forbidden"]);
    expect(await refusal(await put("~bad", {}, await bearer("ada")))).toEqual([
      400,
      "room_invalid",
    ]);
    const answer = await put(room, {}, allowed);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  it("[A3.6] a preflight allows PUT", async () => {
    const headers = {
      Origin: "https://app.example.com",
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "authorization,content-type",
    };
    const answer = await ask("/rooms/any/me", { method: "OPTIONS", headers });
    expect(answer.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
  });

  it("[T1.3, P1.2] a ticket makes one, and renews one, once each", async () => {
    const room = newRoom();
    const ticket = async () => {
      const body = JSON.stringify({ room });
      const headers = await bearer("ada");
      const answer = await ask("/tickets", { method: "POST", headers, body });
      return (await answer.json<{ ticket: string }>()).ticket;
    };
    const use = (ticket: string, body: object) =>
      ask(`/rooms/${room}/me?ticket=${ticket}`, { method: "PUT", body: JSON.stringify(body) });
    const first = await ticket();
    const { lease } = await (await use(first, {})).json<{ lease: string }>();
    expect(await refusal(await use(first, { lease }))).toEqual([401, "session_invalid"]);
    const renewed = await use(await ticket(), { lease });
    expect((await renewed.json<{ lease: string }>()).lease).toBe(lease);
  });

  it("[A6.1] a user's leases are connections of theirs", async () => {
    const room = newRoom();
    for (let leases = 0; leases < 20; leases++) await hold(room, "ada");
    const answer = await put(room, {}, await bearer("ada"));
    expect(await refusal(answer)).toEqual([429, "too_many_connections"]);
    expect(await readRoom(room)).toMatchObject({ online: 1, connections: 20 });
  });

  it("[A7.2] a new lease is a connect, and a renewal is none", async () => {
    const room = newRoom();
    const headers = await bearer("rae");
    let connects = 0;
    let answer = await put(room, {}, headers);
    // The minute may change once during the test.
    for (; connects <= 121 && answer.status === 200; connects++) {
      const { lease } = await answer.json<{ lease: string }>();
      expect((await put(room, { lease }, headers)).status).toBe(200);
      await giveUp(room, { lease });
      answer = await put(room, { lease: "unknown" }, headers);
    }
    expect(connects).toBeGreaterThanOrEqual(60);
    expect(await refusal(answer)).toEqual([429, "rate_limited"]);
  });

  it("[W12.1, P1.8] a lease that asks too often is refused, and stays", async () => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    const headers = await bearer("ada");
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => put(room, { lease }, headers)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    const refused = answers.find(({ status }) => status !== 200)!;
    expect(refused.headers.get("Retry-After")).toBe("30");
    expect(await refusal(refused)).toEqual([429, "rate_limited"]);
    expect(await readRoom(room)).toMatchObject({ online: 1 });
  });
});

describe("what a lease is asked with", () => {
  const bad: [string, unknown][] = [
    ["no JSON", "{"],
    ["nothing", ""],
    ["a list", []],
    ["a lease that is no text", { lease: 1 }],
    ["a lease that is too long", { lease: "x".repeat(65) }],
    ["an unknown status", { status: "gone" }],
    ["data that is a list", { data: [] }],
    ["data over 1 KiB", { data: { text: "x".repeat(1_020) } }],
    ["idle that is no boolean", { idle: "yes" }],
    ["since that is no text", { since: 3 }],
  ];
  it.each(bad)("[P1.1] %s is a bad request, and makes nobody present", async (_name, body) => {
    const room = newRoom();
    const answer = await put(room, body, await bearer("ada"));
    expect(await refusal(answer)).toEqual([400, "bad_request"]);
    expect((await readRoom(room)).members).toEqual([]);
  });

  it("[A5.2] a body over 16 KiB is too large, for every method that takes one", async () => {
    const room = newRoom();
    const headers = await bearer("ada");
    const body = JSON.stringify({ lease: "x", room, more: "ü".repeat(8_200) });
    const tickets = ask("/tickets", { method: "POST", headers, body });
    for (const answer of [put(room, body, headers), giveUp(room, body), tickets]) {
      expect(await refusal(await answer)).toEqual([413, "too_large"]);
    }
  });
});

describe("who may end a lease", () => {
  it("[P2.3, P2.4] is who knows it, from an allowed origin, with no more credential than that", async () => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    const foreign = await giveUp(room, { lease }, { Origin: "https://evil.example" });
    expect(await refusal(foreign)).toEqual([403, "origin_forbidden"]);
    expect(await readRoom(room)).toMatchObject({ online: 1 });
    const own = await giveUp(room, { lease }, { Origin: "https://app.example.com" });
    expect(own.status).toBe(204);
    expect(await readRoom(room)).toMatchObject({ online: 0 });
    for (const body of [{}, { lease: 1 }, { lease, closing: 1 }, "x"]) {
      expect(await refusal(await giveUp(room, body))).toEqual([400, "bad_request"]);
    }
  });

  it("[P2.4, A7.3] without a session is counted by its address", async () => {
    const room = newRoom();
    const headers = { "CF-Connecting-IP": "198.51.100.77" };
    const guess = () => giveUp(room, { lease: "guess" }, headers);
    await useUpMinute(async () => (await guess()).status !== 204);
    expect(await refusal(await guess())).toEqual([429, "rate_limited"]);
    const signedIn = { ...headers, ...(await bearer("bob")) };
    expect((await giveUp(room, { lease: "guess" }, signedIn)).status).toBe(204);
  });
});
