import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { askBackend, queryUser, userStub } from "../../worker-kit/backend.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";

afterEach(() => void vi.useRealTimers());

let names = 0;
const fresh = (what: string) => `many-${what}-${++names}`;
const choose = (peer: Peer, status: string | null) => peer.ask({ type: "update", status });
async function presenceOf(users: unknown): Promise<Response> {
  return askBackend("POST", "/users/presence", { users });
}

describe("whether many users are there", () => {
  it("[B6.1] is told in the order asked for, each once, also of those nobody has heard of", async () => {
    const [ada, bob, room] = [fresh("ada"), fresh("b/ö b"), fresh("room")];
    await join(room, ada);
    const peer = await join(room, bob);
    await choose(peer, "busy");
    const strangers = Array.from({ length: 60 }, (_, n) => `stranger-${n}`);
    const answer = await presenceOf([bob, "__proto__", ...strangers, ada, bob]);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    const { users } = await answer.json<{ users: { user: string }[] }>();
    const nobody = { status: "offline", connections: 0, lastOnline: null };
    expect(users).toEqual([
      { user: bob, status: "busy", connections: 1, lastOnline: null },
      { user: "__proto__", ...nobody },
      ...strangers.map((user) => ({ user, ...nobody })),
      { user: ada, status: "online", connections: 1, lastOnline: null },
    ]);
    expect(await queryUser("stranger-7", "SELECT name FROM sqlite_master")).toEqual([]);
    expect(await (await presenceOf([])).json()).toEqual({ users: [] });
  });

  it("[A2.2, B4.1, B5.6, B6.1] what can be no user's id is nobody, in bodies and in URLs", async () => {
    for (const id of [".", "..", "\ud800", "", "x".repeat(129)]) {
      const answer = await presenceOf(["ada", id]);
      expect(await refusal(answer), JSON.stringify(id)).toEqual([400, "bad_request"]);
    }
    // A URL drops these segments, encoded ones too.
    for (const [method, path] of [
      ["GET", "/users/."],
      ["GET", "/users/%2E%2E"],
      ["POST", "/users/%2e%2E/revocations"],
      ["DELETE", "/rooms/lobby/members/.."],
    ] as const) {
      expect(await refusal(await askBackend(method, path)), path).toEqual([404, "not_found"]);
    }
    // What is no UTF-8 is not taken for the text of its escapes.
    for (const [method, path] of [
      ["GET", "/users/100%"],
      ["GET", "/users/%ED%A0%80"],
      ["DELETE", "/users/%ff"],
      ["POST", "/users/%41%/revocations"],
      ["DELETE", "/rooms/lobby/members/%c3"],
    ] as const) {
      expect(await refusal(await askBackend(method, path)), path).toEqual([400, "bad_request"]);
    }
  });

  it.each(["hang", "fail"])(
    "[B6.3] users whose objects %s have status null, and cost the others nothing",
    async (how) => {
      const [ada, bad, room] = [fresh("ada"), fresh("bad"), fresh("room")];
      await join(room, ada);
      vi.spyOn(console, "log").mockImplementation(() => {});
      const whereabouts = () =>
        how === "hang" ? new Promise(() => {}) : Promise.reject(new Error("broken"));
      const USERS = {
        getByName: (user: string) => (user === bad ? { whereabouts } : userStub(user)),
      } as never;
      const [key] = env.SERVER_KEY!.split(",");
      const answer = await askConfigured(
        { USERS },
        "/users/presence",
        { Authorization: `Bearer ${key}` },
        { method: "POST", body: JSON.stringify({ users: [bad, ada] }) },
      );
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          users: [
            { user: bad, status: null, connections: 0, lastOnline: null },
            { user: ada, status: "online", connections: 1, lastOnline: null },
          ],
        },
      ]);
      vi.restoreAllMocks();
    },
  );

  it.each<[string, unknown, string]>([
    ["501 users", Array.from({ length: 501 }, (_, n) => `${n}`), "bad_request"],
    ["no list", "ada", "bad_request"],
    ["nothing", undefined, "bad_request"],
    ["a number", [7], "bad_request"],
    ["an empty id", [""], "bad_request"],
    ["a long id", ["x".repeat(129)], "bad_request"],
    ["far too much", Array.from({ length: 400 }, () => "é".repeat(400)), "too_large"],
  ])("[B6.2, A5.2] %s is refused", async (_what, users, code) => {
    expect((await refusal(await presenceOf(users)))[1]).toBe(code);
  });
});
