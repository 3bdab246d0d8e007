import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { errorResponse } from "../../src/server/errors.ts";
import { ask, askConfigured, readRoom, refusal, requestTo } from "../worker-kit/http.ts";
import { useUpMinute } from "../worker-kit/minute.ts";
import { join, tryJoin } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import { hibernate } from "../worker-kit/time.ts";

let rooms = 0;
let addresses = 100;
const LIMITED = [429, "rate_limited"];
const json = (body: object) => JSON.stringify(body);

/** Connects until the rate limit refuses; returns the number of accepted connects. */
function connectUntilLimited(connect: () => Promise<Response>): Promise<number> {
  return useUpMinute(async () => {
    const answer = await connect();
    answer.webSocket?.accept();
    if (answer.status !== 429) return false;
    expect(answer.headers.get("Retry-After")).toBe("30");
    expect(await refusal(answer)).toEqual([429, "rate_limited"]);
    return true;
  });
}

describe("the limit of connects", () => {
  it("[A7.2] is 60 a minute of a user, whatever the address, and leaves others alone", async () => {
    const token = await signIn("rate-ann");
    let address = 0;
    const count = await connectUntilLimited(() => {
      const headers = { "CF-Connecting-IP": `192.0.2.${++address % 250}` };
      return tryJoin(`rate-${++rooms}`, "rate-ann", { token, headers });
    });
    expect(count).toBeGreaterThanOrEqual(60);
    const other = await tryJoin(`rate-${++rooms}`, "rate-ben");
    expect(other.status).toBe(101);
    other.webSocket!.accept();
    const read = await ask(`/rooms/rate-1`, { headers: { Authorization: `Bearer ${token}` } });
    expect(read.status).toBe(200);
  });

  it("[A7.3, A7.4] is 60 a minute of an address where the credential fails, and costs its users nothing", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.7" };
    const room = `rate-${++rooms}`;
    const count = await connectUntilLimited(() => tryJoin(room, "eve", { token: "bad", headers }));
    expect(count).toBeGreaterThanOrEqual(60);
    const neighbour = await tryJoin(room, "rate-cleo", { headers });
    expect(neighbour.status).toBe(101);
    neighbour.webSocket!.accept();
    const elsewhere = { "CF-Connecting-IP": "198.51.100.8" };
    const answer = await tryJoin(room, "eve", { token: "bad", headers: elsewhere });
    expect(await refusal(answer)).toEqual([401, "session_invalid"]);
  });

  it("[A7.2] counts a live socket that signs in as another user as a connect of that one", async () => {
    const bob = await signIn("rate-bob");
    await connectUntilLimited(() => tryJoin(`rate-${++rooms}`, "rate-bob", { token: bob }));
    const peer = await join(`rate-${++rooms}`, "rate-ada");
    peer.send({ type: "auth", token: bob });
    expect(await peer.untilType("error")).toMatchObject({ code: "rate_limited" });
    // Renewals of her own session are not limited.
    await peer.ask({ type: "auth", token: await signIn("rate-ada") });
  });

  it("[A7.3] counts a bad token over a live socket against its address, in a hibernating room too", async () => {
    const headers = { "CF-Connecting-IP": "2001:db8:7:7::1" };
    const room = `rate-${++rooms}`;
    const limited = await connectUntilLimited(async () => {
      const peer = await join(room, `rate-${++rooms}`, { headers });
      await hibernate(room);
      peer.send({ type: "auth", token: "bad" });
      const { code } = await peer.untilType("error");
      peer.close(1000, "left");
      return code === "rate_limited"
        ? errorResponse("rate_limited", "request")
        : new Response(code);
    });
    expect(limited).toBeGreaterThanOrEqual(60);
    const neighbour = { headers: { "CF-Connecting-IP": "2001:db8:7:7:ffff::2" }, token: "bad" };
    expect(await refusal(await tryJoin(room, "eve", neighbour))).toEqual(LIMITED);
  });
});

describe("the limit of failures", () => {
  const bad = { Authorization: "Bearer bad" };
  const doors: [string, (headers: Record<string, string>) => Promise<Response>][] = [
    [
      "a connect",
      (headers) => ask("/rooms/doors", { headers: { Upgrade: "websocket", ...headers } }),
    ],
    ["a read", (headers) => ask("/rooms/doors", { headers })],
    [
      "a ticket",
      (headers) => ask("/tickets", { method: "POST", headers, body: json({ room: "x" }) }),
    ],
    ["a lease", (headers) => ask("/rooms/doors/me", { method: "PUT", headers, body: "{}" })],
    [
      "a server key",
      (headers) =>
        askConfigured({ SERVER_KEY: "k".repeat(32), USERS: env.USERS! }, "/rooms", headers),
    ],
  ];

  it.each(doors)("[A7.3, A7.5] is 60 a minute of an address, by %s", async (_name, knock) => {
    const headers = { "CF-Connecting-IP": `198.51.100.${++addresses}`, ...bad };
    const count = await connectUntilLimited(() => knock(headers));
    expect(count).toBeGreaterThanOrEqual(60);
    // One address has one limit for all of them.
    for (const [name, other] of doors) {
      const answer = await other(headers);
      expect(answer.status, name).toBe(429);
    }
  });

  it("[A7.3] does not count requests that carry no credential, but for connects", async () => {
    const address = { "CF-Connecting-IP": `198.51.100.${++addresses}` };
    for (let n = 0; n < 130; n++) {
      expect((await ask("/rooms/doors", { headers: address })).status).toBe(401);
    }
    expect((await ask("/rooms/doors", { headers: { ...address, ...bad } })).status).toBe(401);
    const upgrade = { ...address, Upgrade: "websocket" };
    await connectUntilLimited(() => ask("/rooms/doors", { headers: upgrade }));
  });
});

describe("the limit of reads", () => {
  it("[A7.7] is 600 a minute of a user, whatever the address, and the room is asked no more", async () => {
    const headers = { Authorization: `Bearer ${await signIn("rate-dora")}` };
    const read = () => ask("/rooms/rate-read", { headers });
    // Many at a time: a slow machine must read more than 600 times in a minute, too.
    const readAll = () => Promise.all(Array.from({ length: 20 }, read));
    const isLimited = async () => (await readAll()).some(({ status }) => status === 429);
    expect(20 * (await useUpMinute(isLimited, 30))).toBeGreaterThanOrEqual(600);
    const answer = await read();
    expect(answer.headers.get("Retry-After")).toBe("30");
    expect(await refusal(answer)).toEqual(LIMITED);
    const before = (await listDurableObjectIds(env.ROOMS)).length;
    expect(await refusal(await ask("/rooms/rate-unread", { headers }))).toEqual(LIMITED);
    expect((await listDurableObjectIds(env.ROOMS)).length).toBe(before);

    const ticket = await ask("/tickets", { method: "POST", headers, body: json({ room: "x" }) });
    expect(await refusal(ticket)).toEqual(LIMITED);
    const joined = await tryJoin("rate-read", "rate-dora");
    expect(joined.status).toBe(101);
    joined.webSocket!.accept();
    await readRoom("rate-read");
  });

  it("[A7.1] is none without the binding", async () => {
    const headers = { Authorization: `Bearer ${await signIn("rate-dora")}` };
    const { READS: _, ...bindings } = env;
    const request = requestTo("/rooms/rate-read", { headers });
    expect((await createApp().request(request, {}, bindings)).status).toBe(200);
  });
});
