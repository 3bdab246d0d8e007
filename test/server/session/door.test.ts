import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type JWTPayload } from "jose";
import { createApp } from "../../../src/server/app.ts";
import type { Session } from "../../../src/server/session/session.ts";
import { askConfigured, HOST, readRoom, refusal } from "../../worker-kit/http.ts";
import { join, Peer, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, query, runAlarm } from "../../worker-kit/time.ts";

const DAY_MS = 86_400_000;
const INTROSPECTION = {
  SESSION_FORMAT: "introspection",
  SESSION_INTROSPECTION_URL: "https://app.example.com/session",
};
const INVALID = [401, "session_invalid"];

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
const fresh = (what: string) => `door-${what}-${++names}`;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const upgrade = { Upgrade: "websocket" };

/** A list of `count` texts of `length` characters. */
const texts = (count: number, length: number) =>
  Array.from({ length: count }, (_, n) => String(n).padEnd(length, "x"));

/** Sends a request of a user whom the app describes like this. */
async function askIntrospected(path: string, session: unknown, headers = {}): Promise<Response> {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(session));
  return askConfigured(INTROSPECTION, path, { ...bearer(crypto.randomUUID()), ...headers });
}

const joinIntrospected = (room: string, session: unknown) =>
  askIntrospected(`/rooms/${room}`, session, upgrade);

/** Checks that a room works, and that earlier members are still there. */
async function expectUnharmed(room: string, watcher: Peer): Promise<void> {
  await watcher.ask({ type: "update", status: "busy" });
  await hibernate(room);
  await runAlarm(room);
  await watcher.ask({ type: "update", status: null });
  expect(lines.filter(({ event }) => event === "failure")).toEqual([]);
}

const expiryOf = (peer: Peer) => Date.parse(welcomeOf(peer).expiresAt) - Date.now();

describe("a session that lasts for ever", () => {
  it.each([9_999_999_999_999, 1e300, 1e306])(
    "[A2.3] exp %d is 400 days, at the upgrade and over the socket",
    async (exp) => {
      const room = fresh("room");
      const watcher = await join(room, "watcher");
      const token = await signIn("ada", { exp });
      const ada = await join(room, "ada", { token });
      const later = await join(room, "bob");
      later.send({ type: "auth", token: await signIn("bob", { exp }) });
      const renewed = await later.untilType("renewed");
      for (const lasts of [expiryOf(ada), Date.parse(renewed.expiresAt) - Date.now()]) {
        expect(lasts).toBeGreaterThan(399 * DAY_MS);
        expect(lasts).toBeLessThanOrEqual(400 * DAY_MS);
      }
      await expectUnharmed(room, watcher);
    },
  );

  it.each([9_007_199_254_740_991, "9999-12-31T23:59:59Z"])(
    "[A2.3] an introspected expiresAt of %s is 400 days",
    async (expiresAt) => {
      const room = fresh("room");
      const watcher = await join(room, "watcher");
      const answer = await joinIntrospected(room, { user: { id: "ada" }, expiresAt });
      const ada = new Peer(answer.webSocket!);
      await ada.untilType("snapshot");
      expect(expiryOf(ada)).toBeGreaterThan(399 * DAY_MS);
      expect(expiryOf(ada)).toBeLessThanOrEqual(400 * DAY_MS);
      await expectUnharmed(room, watcher);
    },
  );
});

describe("when a session was issued", () => {
  it.each([1e306, 1e300, 8.64e12, -1])("[A2.3] iat %d says nothing", async (iat) => {
    const room = fresh("room");
    const watcher = await join(room, "watcher");
    const before = Date.now();
    await join(room, "ada", { token: await signIn("ada", { iat }) });
    const [row] = await query(room, "SELECT issued_at FROM members WHERE id = 'ada'");
    expect(row!["issued_at"]).toBeGreaterThanOrEqual(before);
    expect(row!["issued_at"]).toBeLessThanOrEqual(Date.now());
    await expectUnharmed(room, watcher);
  });

  it("[A2.3] a clock that is 60 s ahead is believed, one further ahead is not", async () => {
    const seconds = Math.floor(Date.now() / 1000);
    vi.setSystemTime(seconds * 1000);
    for (const [ahead, isBelieved] of [
      [60, true],
      [61, false],
    ] as const) {
      const room = fresh("room");
      const token = await signIn("ada", { iat: seconds + ahead });
      await join(room, "ada", { token });
      const [row] = await query(room, "SELECT issued_at FROM members");
      expect(row!["issued_at"]).toBe((isBelieved ? seconds + ahead : seconds) * 1000);
    }
  });
});

describe("a session that is too large", () => {
  it.each([
    ["450 rooms", { rooms: texts(450, 20) }, 'claim "rooms": too many'],
    ["a room of 129 characters", { rooms: texts(1, 129) }, 'claim "rooms": too long'],
    ["101 roles", { roles: texts(101, 1) }, 'claim "roles": too many'],
    ["100 long rooms", { rooms: texts(100, 128) }, "more than 12 KiB"],
  ])("[A2.4, A2.6] %s: refused, and the log says why", async (_what, more, detail) => {
    const room = fresh("room");
    const watcher = await join(room, "watcher");
    const answer = await joinIntrospected(room, { user: { id: "ada" }, ...more });
    expect(await refusal(answer)).toEqual(INVALID);
    expect(lines.at(-1)).toMatchObject({ event: "refused", code: "session_invalid", room, detail });
    await expectUnharmed(room, watcher);
  });

  it("[A2.4] 12 KiB are let in, and their room can probe them", async () => {
    const room = fresh("room");
    const watcher = await join(room, "watcher");
    const rooms = [`${room}*`, ...texts(90, 128)];
    const answer = await joinIntrospected(room, { user: { id: "ada" }, rooms });
    const ada = new Peer(answer.webSocket!);
    await ada.untilType("snapshot");
    vi.setSystemTime(Date.now() + 60_000);
    await expectUnharmed(room, watcher);
    expect(await ada.untilType("probe")).toEqual({ type: "probe" });
  });
});

describe("an app's own verify", () => {
  const good: Session = { user: { id: "ada" }, roles: [], expiresAt: Date.now() + DAY_MS };
  const enter = async (room: string, answer: () => unknown) => {
    const app = createApp({ verify: () => answer() as Session });
    const response = await app.request(
      `${HOST}/rooms/${room}`,
      { headers: { ...bearer("token"), ...upgrade } },
      env,
    );
    if (!response.webSocket) return refusal(response);
    const peer = new Peer(response.webSocket);
    await peer.untilType("snapshot");
    return welcomeOf(peer).self.id;
  };

  it.each([
    ["no roles", () => ({ ...good, roles: undefined }), "ada"],
    ["a numeric id", () => ({ ...good, user: { id: 7 } }), "7"],
    ["no expiry", () => ({ ...good, expiresAt: undefined }), "ada"],
    ["an expiry for ever", () => ({ ...good, expiresAt: Number.POSITIVE_INFINITY }), "ada"],
    ["an expiry of NaN", () => ({ ...good, expiresAt: Number.NaN }), INVALID],
    ["an Invalid Date", () => ({ ...good, expiresAt: new Date(Number.NaN) }), INVALID],
    ["no user", () => ({ ...good, user: undefined }), INVALID],
    ["nothing", () => undefined, INVALID],
    ["null", () => null, INVALID],
    ["a text", () => "ada", INVALID],
    ["true", () => true, INVALID],
    ["a list", () => [good], INVALID],
    ["a function", () => () => good, INVALID],
    [
      "that throws",
      () => {
        throw new Error("the app's own fault");
      },
      [500, "internal"],
    ],
  ])("[A2.1] %s", async (_what, answer, expected) => {
    const room = fresh("room");
    const watcher = await join(room, "watcher");
    expect(await enter(room, answer)).toEqual(expected);
    lines = lines.filter(({ code }) => code !== "internal");
    await expectUnharmed(room, watcher);
  });
});

describe("ids", () => {
  const enter = async (session: object) => {
    const answer = await joinIntrospected(fresh("room"), session);
    if (!answer.webSocket) return refusal(answer);
    const peer = new Peer(answer.webSocket);
    await peer.untilType("snapshot");
    return welcomeOf(peer).self.id;
  };

  it("[A2.2] of users have 1–128 characters, are well-formed, and are no dots; numbers are their text", async () => {
    for (const id of ["x".repeat(128), "...", "a.b", "👩‍💻", " "]) {
      expect(await enter({ user: { id } })).toBe(id);
    }
    expect(await enter({ user: { id: -7 } })).toBe("-7");
    for (const id of [
      "",
      ".",
      "..",
      "x".repeat(129),
      "\ud800",
      "a\udc00",
      1.5,
      2 ** 53,
      null,
      {},
    ]) {
      expect(await enter({ user: { id } }), JSON.stringify(id)).toEqual(INVALID);
    }
  });

  it("[A2.2] of sessions have at most 256 characters and are well-formed; numbers are their text", async () => {
    for (const id of ["x".repeat(256), "", null, 7]) {
      expect(await enter({ user: { id: "ada" }, id })).toBe("ada");
    }
    for (const id of ["x".repeat(257), "\udfff", {}, true]) {
      expect(await enter({ user: { id: "ada" }, id }), JSON.stringify(id)).toEqual(INVALID);
    }
  });
});

describe("roles and rooms", () => {
  it("[A2.4] one role may be a text; rooms are absent or a list", async () => {
    const seen: unknown[] = [];
    const app = createApp({ authorize: ({ roles }) => seen.push(roles) > 0 });
    for (const roles of ["staff", ["staff"], "", null]) {
      const headers = bearer(await signIn("ada", { roles }));
      expect((await app.request(`${HOST}/rooms/roles`, { headers }, env)).status).toBe(200);
    }
    expect(seen).toEqual([["staff"], ["staff"], [], []]);
    createApp();
    const user = { id: "ada" };
    expect((await askIntrospected("/rooms/lobby", { user, rooms: undefined })).status).toBe(200);
    for (const rooms of [null, "lobby", {}, [7], [null], ["\ud800"]]) {
      const answer = await askIntrospected("/rooms/lobby", { user, rooms });
      expect(await refusal(answer), JSON.stringify(rooms)).toEqual(INVALID);
    }
  });
});

describe("what decorates", () => {
  const shown = async (claims: JWTPayload) => {
    const room = fresh("room");
    await join(room, "ada", { token: await signIn("ada", claims) });
    return (await readRoom(room)).members[0]!;
  };

  it("[A2.5] a name is cut at 256, never within a character, and is left out where it is none", async () => {
    expect((await shown({ name: "x".repeat(300) })).name).toBe("x".repeat(256));
    expect((await shown({ name: `${"x".repeat(255)}👩` })).name).toBe("x".repeat(255));
    expect((await shown({ name: "a\ud800b" })).name).toBe("a\ufffdb");
    for (const name of [7, {}, ["Ada"], "", null, true]) {
      expect((await shown({ name })).name).toBe("ada");
    }
  });

  it("[A2.5] a picture is https or a path of the own host, and is left out where it is neither", async () => {
    for (const picture of ["https://cdn.example.com/a.png", "/a.png", "/", "/a?b=//c#d"]) {
      expect((await shown({ picture })).image).toBe(picture);
    }
    for (const picture of [
      "http://cdn.example.com/a.png",
      "//evil.example/x",
      "/\\evil.example/x",
      "/\t/evil.example/x",
      "\\\\evil.example/x",
      " /a.png",
      "a.png",
      "https:/logout",
      "https:logout",
      "https://",
      "javascript:alert(1)",
      "data:image/png;base64,AA==",
      `/${"x".repeat(2048)}`,
      "/\ud800",
      7,
      {},
    ]) {
      expect(await shown({ picture }), String(picture)).not.toHaveProperty("image");
    }
  });
});
