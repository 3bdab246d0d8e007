import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createApp } from "../../../src/server/app.ts";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { ask, askConfigured, refusal } from "../../worker-kit/http.ts";
import { join, Peer, tryJoin } from "../../worker-kit/peer.ts";

const [KEY, OLDER] = env.SERVER_KEY!.split(", ") as [string, string];

const UNAUTHENTICATED = [401, "unauthenticated"];

let rooms = 0;
const newRoom = () => `key-${++rooms}`;
const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

/** Guesses that are not a key, as an attacker who knows a part of one would try. */
const WRONG: [string, Record<string, string>][] = [
  ["no header", {}],
  ["a scheme alone", { Authorization: "Bearer" }],
  ["an empty key", { Authorization: "Bearer " }],
  ["another key", bearer("x".repeat(43))],
  ["a key's beginning", bearer(KEY.slice(0, -1))],
  ["a key and more", bearer(`${KEY}x`)],
  ["the whole list", bearer(`${KEY}, ${OLDER}`)],
  ["a comma", bearer(",")],
  ["another case", bearer(KEY.toUpperCase())],
  ["another scheme", { Authorization: `Basic ${KEY}` }],
  ["the key alone", { Authorization: KEY }],
  ["the key as a cookie", { Cookie: `session=${KEY}`, Origin: "https://app.example.com" }],
  ["the key in another header", { "X-Server-Key": KEY }],
];

/** All requests that only the backend may send, with their bodies. */
const ROUTES: [string, string, string?][] = [
  ["POST", "/rooms/ROOM/events", '{"name":"x","data":1}'],
  ["DELETE", "/rooms/ROOM/members/ada"],
  ["GET", "/users/ada"],
  ["DELETE", "/users/ada"],
  ["POST", "/users/ada/events", '{"name":"x","data":1}'],
  ["POST", "/users/presence", '{"users":[]}'],
  ["POST", "/users/ada/revocations", "{}"],
  ["DELETE", "/users/ada/revocations"],
];

describe("the server key", () => {
  it("[B5.1, B5.2, R7] reads any room, whole, with each of its keys, and makes nobody present", async () => {
    const room = newRoom();
    await join(room, "ada");
    for (const key of [KEY, OLDER]) {
      const answer = await ask(`/rooms/${room}`, { headers: bearer(key) });
      expect(await answer.json()).toMatchObject({ online: 1, members: [{ id: "ada" }] });
      expect(answer.headers.get("ETag")).toMatch(/^"[\w-]+\.1"$/);
    }
  });

  it.each(WRONG)("[B5.3] %s reads nothing", async (_what, headers) => {
    const answer = await ask(`/rooms/${newRoom()}?key=${KEY}`, { headers });
    expect([answer.status, (await refusal(answer))[1]]).toEqual([
      401,
      expect.stringMatching(/^(unauthenticated|session_invalid)$/),
    ]);
  });

  it.each(WRONG)("[B5.3, A5.3] %s does nothing, and is told alike", async (_what, headers) => {
    const room = newRoom();
    const peer = await join(room, "ada");
    for (const [method, path] of ROUTES) {
      const url = path.replace("ROOM", room);
      const answer = await ask(`${url}?key=${KEY}&ticket=${KEY}`, { method, headers });
      const { error } = await answer.clone().json<{ error: object }>();
      expect(await refusal(answer), url).toEqual(UNAUTHENTICATED);
      expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer");
      const message = "Sign in first: the request carries no credential.";
      const requestId = answer.headers.get("X-Request-Id");
      expect(error).toEqual({ code: "unauthenticated", message, requestId });
    }
    expect(
      (await peer.news()).filter((frame) => frame !== "pong" && frame.type === "event"),
    ).toEqual([]);
  });

  it("[B5.3, A5.4] a key opens no other method, and is asked for before anything else is judged", async () => {
    for (const [method, path] of ROUTES) {
      const url = path.replace("ROOM", "-");
      const huge = await ask(url, { method, ...(method === "POST" && { body: "x".repeat(9e5) }) });
      expect(await refusal(huge), url).toEqual(UNAUTHENTICATED);
      for (const other of ["PUT", "PATCH"]) {
        const answer = await ask(url, { method: other, headers: bearer(KEY) });
        expect(await refusal(answer), `${other} ${url}`).toEqual([404, "not_found"]);
      }
    }
  });

  it("[B5.4, A3.5] is not for pages: no answer has CORS headers, and a foreign origin changes nothing", async () => {
    const room = newRoom();
    const cors = "Access-Control-Allow-Origin";
    for (const [method, path, sent] of ROUTES) {
      const url = path.replace("ROOM", room);
      const body = sent === undefined ? {} : { body: sent };
      const preflight = await ask(url, {
        method: "OPTIONS",
        headers: { Origin: "https://app.example.com", "Access-Control-Request-Method": method },
      });
      expect([preflight.status, preflight.headers.get(cors)], url).toEqual([404, null]);
      const headers = { ...bearer(KEY), Origin: "https://app.example.com" };
      const allowed = await ask(url, { method, headers, ...body });
      expect([allowed.status, allowed.headers.get(cors)], url).toEqual([200, null]);
      const foreign = { ...bearer(KEY), Origin: "https://evil.example.com" };
      if (method === "GET") {
        for (const reading of ["GET", "HEAD"]) {
          const answer = await ask(url, { method: reading, headers: foreign });
          expect([answer.status, answer.headers.get(cors)], url).toEqual([200, null]);
        }
        continue;
      }
      const answer = await ask(url, { method, headers: foreign, ...body });
      expect(await refusal(answer), url).toEqual([403, "origin_forbidden"]);
    }
  });

  it("[B5.2, T1.2] is nobody's session: it joins no room, by no way in, and gets no ticket", async () => {
    const room = newRoom();
    const invalid = [401, "session_invalid"];
    expect(await refusal(await tryJoin(room, "", { token: KEY }))).toEqual(invalid);
    const body = JSON.stringify({ room });
    const opened = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
    const inBand = new Peer(opened.webSocket!);
    inBand.send({ type: "auth", token: KEY });
    expect(await inBand.closed).toEqual({ code: 4401, reason: "session_invalid" });
    const ticket = await ask("/tickets", { method: "POST", headers: bearer(KEY), body });
    expect(await refusal(ticket)).toEqual(invalid);
  });

  it("[B5.3] opens the same under another app's path", async () => {
    const app = new Hono().route("/presence", createApp());
    const get = (path: string, key: string) => app.request(path, { headers: bearer(key) }, env);
    const answer = await get("/presence/users/somebody", KEY);
    expect(await answer.json()).toMatchObject({ user: "somebody", rooms: [] });
    expect(await refusal(await get("/presence/users/somebody", "x"))).toEqual(UNAUTHENTICATED);
    expect((await get("/users/somebody", KEY)).status).toBe(404);
  });

  it("[B5.4] opens nothing where it is not set", async () => {
    const answer = await askConfigured({ SERVER_KEY: "" }, `/rooms/${newRoom()}`, bearer(KEY));
    expect(await refusal(answer)).toEqual([401, "session_invalid"]);
  });

  it("[B5.1, O2.1] a short one, or one that no header carries, is a fault of the configuration", () => {
    const faultsOf = (key: string) =>
      parseConfig({ SESSION_SECRET: "x".repeat(32), USERS: env.USERS, SERVER_KEY: key } as Env)
        .faults;
    for (const key of ["short", `${KEY},short`, `${"x".repeat(31)} y`, "é".repeat(40)]) {
      expect(faultsOf(key)).toEqual([expect.stringMatching(/^SERVER_KEY: each key must have/)]);
    }
    const bare = parseConfig({ SESSION_SECRET: "x".repeat(32), SERVER_KEY: KEY } as Env);
    expect(bare.faults).toEqual(["USERS: is missing; SERVER_KEY needs it"]);
    for (const key of ["", " , ", KEY, `${KEY} ,${OLDER},`]) expect(faultsOf(key)).toEqual([]);
  });
});
