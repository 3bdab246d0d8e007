import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { askBackend, revoke, userPath, userStub } from "../../worker-kit/backend.ts";
import { evict } from "../../worker-kit/evict.ts";
import { ask, readRoom, refusal } from "../../worker-kit/http.ts";
import { hold, put } from "../../worker-kit/lease.ts";
import { join, Peer, tryJoin } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime } from "../../worker-kit/time.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
/** A separate room or user for each test. */
const fresh = (what: string) => `revoked-${what}-${++names}`;
const REVOKED = [401, "session_revoked"];
const CLOSED = { code: 4401, reason: "session_revoked" };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

const mint = (room: string, token: string) =>
  ask("/tickets", {
    method: "POST",
    headers: bearer(token),
    body: JSON.stringify({ room }),
  });

/** Tries to join, and returns the outcome. */
async function joinStatus(room: string, user: string, token?: string): Promise<number> {
  const answer = await tryJoin(room, user, { ...(token && { token }) });
  answer.webSocket?.accept();
  return answer.status;
}

async function openInBand(room: string): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
  return new Peer(answer.webSocket!);
}

describe("revoking", () => {
  it("[B3.1, B3.2, B3.3] one session ends its connections in every room with no grace, and leaves the user's others", async () => {
    const [ada, here, there] = [fresh("ada"), fresh("room"), fresh("room")];
    const laptop = await signIn(ada, { sid: "laptop" });
    const phone = await signIn(ada, { sid: "phone" });
    const peers = await Promise.all([
      join(here, ada, { token: laptop }),
      join(there, ada, { token: laptop }),
      join(here, ada, { token: phone }),
    ]);
    await hibernate(there);
    expect(await revoke(ada, "laptop")).toBe(2);
    expect(await Promise.all([peers[0].closed, peers[1].closed])).toEqual([CLOSED, CLOSED]);
    await peers[2].ask({ type: "update", status: "busy" });
    expect((await readRoom(here)).members).toMatchObject([{ connections: 1, status: "busy" }]);
    expect((await readRoom(there)).members).toMatchObject([{ connections: 0 }]);
    expect(await refusal(await tryJoin(here, ada, { token: laptop }))).toEqual(REVOKED);
    expect(await joinStatus(here, ada, phone)).toBe(101);
    expect(await revoke(ada, "laptop")).toBe(0);
  });

  it("[B3.4] all of them ends those issued until now, those that do not say when among them, and none issued later", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const dated = await signIn(ada);
    const undated = await signIn(ada, { iat: undefined });
    const other = await join(room, "bob");
    const peers = [
      await join(room, ada, { token: dated }),
      await join(room, ada, { token: undated }),
    ];
    expect(await revoke(ada)).toBe(2);
    expect(await Promise.all(peers.map(({ closed }) => closed))).toEqual([CLOSED, CLOSED]);
    for (const token of [dated, undated, await signIn(ada, { iat: undefined })]) {
      expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    }
    const later = await signIn(ada, { iat: inSeconds(1) });
    expect(await joinStatus(room, ada, later)).toBe(101);
    await other.ask({ type: "sync" });
    // It survives the end of the objects' memory, and applies to users the Worker has not seen.
    await evict(userStub(ada));
    passTime(120);
    expect(await refusal(await tryJoin(room, ada, { token: dated }))).toEqual(REVOKED);
  });

  it("[B3.2, A5.2] is heard at every door", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "stolen" });
    const { ticket } = await (await mint(room, token)).json<{ ticket: string }>();
    const { lease } = await hold(room, ada, {}, { sid: "stolen" });
    const live = await join(room, ada, { token: await signIn(ada, { sid: "kept" }) });
    expect(await revoke(ada, "stolen")).toBe(1);

    const upgrade = { Upgrade: "websocket" };
    const cookie = { Cookie: `session=${token}`, Origin: "https://app.example.com" };
    const url = `/rooms/${room}`;
    const doors = {
      bearer: () => ask(url, { headers: { ...upgrade, ...bearer(token) } }),
      cookie: () => ask(url, { headers: { ...upgrade, ...cookie } }),
      ticket: () => ask(`${url}?ticket=${ticket}`, { headers: upgrade }),
      reading: () => ask(url, { headers: bearer(token) }),
      counts: () => ask(`${url}?fields=counts`, { headers: cookie }),
      mint: () => mint(room, token),
      "a lease": () => put(room, {}, bearer(token)),
      "a lease's renewal": () => put(room, { lease }, bearer(token)),
    };
    for (const [door, enter] of Object.entries(doors)) {
      expect(await refusal(await enter()), door).toEqual(REVOKED);
    }
    const inBand = await openInBand(room);
    inBand.send({ type: "auth", token });
    expect(await inBand.closed).toEqual(CLOSED);
    live.send({ type: "auth", token, id: "renew" });
    expect(await live.untilType("error")).toMatchObject({ code: "session_revoked", id: "renew" });
    await live.ask({ type: "auth", token: await signIn(ada, { sid: "kept" }) });
  });

  it("[B3.5] all of them ends whoever was admitted before, though their iat lies ahead", async () => {
    const [ada, here, there] = [fresh("ada"), fresh("room"), fresh("room")];
    const ahead = await signIn(ada, { iat: inSeconds(4) });
    const peers = [await join(here, ada, { token: ahead }), await join(there, ada)];
    await hold(here, ada, {}, { iat: inSeconds(4) });
    await hibernate(here);
    expect(await revoke(ada)).toBe(3);
    expect(await Promise.all(peers.map(({ closed }) => closed))).toEqual([CLOSED, CLOSED]);
    expect((await readRoom(here)).members).toMatchObject([{ connections: 0 }]);
  });

  it("[B3.7] lasts for 400 days", async () => {
    const [ada, day] = [fresh("ada"), 86_400];
    await revoke(ada, "one");
    const lookAfter = async (seconds: number) => {
      passTime(seconds);
      await runDurableObjectAlarm(userStub(ada));
      const exp = inSeconds(60);
      const token = await signIn(ada, { sid: "one", exp });
      return refusal(await tryJoin(fresh("room"), ada, { token })).catch(() => "in");
    };
    expect(await lookAfter(400 * day - 60)).toEqual(REVOKED);
    expect(await lookAfter(120)).toBe("in");
  });

  it("[B7] lifting lets them in again, the Worker that remembers them within a minute", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "one", iat: undefined });
    await revoke(ada, "one");
    await revoke(ada);
    expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    const lifted = await askBackend("DELETE", `${userPath(ada)}/revocations`);
    expect(await lifted.json()).toEqual({ lifted: 2 });
    passTime(61);
    expect(await joinStatus(room, ada, token)).toBe(101);
  });

  it("[A7.3] whoever tries a stolen session uses up nothing of what its user may connect", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const token = await signIn(ada, { sid: "stolen" });
    await revoke(ada, "stolen");
    const headers = { "CF-Connecting-IP": "198.51.100.99" };
    const codes = new Set<string>();
    for (let n = 0; n < 130; n++) {
      codes.add((await refusal(await tryJoin(room, ada, { token, headers })))[1]);
    }
    expect([...codes]).toEqual(["session_revoked", "rate_limited"]);
    expect(await joinStatus(room, ada, await signIn(ada, { sid: "good" }))).toBe(101);
  });

  it.each<[string, unknown, string]>([
    ["no JSON", "{", "bad_request"],
    ["a list", [], "bad_request"],
    ["an empty session", { session: "" }, "bad_request"],
    ["a session of another kind", { session: 7 }, "bad_request"],
    ["no session but null", { session: null }, "bad_request"],
    ["a key that is mistyped", { sessions: ["x"] }, "bad_request"],
    ["a key too many", { session: "x", all: false }, "bad_request"],
    ["nothing", undefined, "bad_request"],
    ["far too much", { session: "x".repeat(17_000) }, "too_large"],
  ])("[B3.3, A5.2] %s is refused, and nothing revoked", async (_what, body, code) => {
    const ada = fresh("ada");
    const answer = await askBackend("POST", `${userPath(ada)}/revocations`, body);
    expect((await refusal(answer))[1]).toBe(code);
    expect(await joinStatus(fresh("room"), ada)).toBe(101);
  });

  it.each<[string, string, unknown?]>([
    ["POST", "revocations?session=phone", {}],
    ["DELETE", "revocations?session=phone"],
    ["DELETE", "revocations", { session: "phone" }],
    ["DELETE", "revocations", "phone"],
    ["DELETE", "?room=lobby"],
    ["DELETE", "", { room: "lobby" }],
    ["POST", "events?room=lobby", { name: "x", data: 1 }],
    ["POST", "events", { name: "x", data: 1, room: "lobby" }],
  ])(
    "[B5.5, B3.3, B11.5] %s %s %j asks for less than would be done, and does nothing",
    async (...asked) => {
      const [method, rest, body] = asked;
      const [ada, room] = [fresh("ada"), fresh("room")];
      const token = await signIn(ada, { sid: "revoked" });
      await revoke(ada, "revoked");
      const peer = await join(room, ada);
      const path = `${userPath(ada)}/${rest}`.replace(/\/(\?|$)/, "$1");
      expect(await refusal(await askBackend(method, path, body))).toEqual([400, "bad_request"]);
      expect(
        (await peer.news()).filter((frame) => frame !== "pong" && frame.type === "event"),
      ).toEqual([]);
      expect(await refusal(await tryJoin(room, ada, { token }))).toEqual(REVOKED);
    },
  );

  it("[B3.1] takes any user's id", async () => {
    const room = fresh("room");
    for (const user of ["a/b", "a%2Fb", "%", "é ü", "x".repeat(128), "a?b#c", "presence"]) {
      const peer = await join(room, user);
      expect(await revoke(user), user).toBe(1);
      expect(await peer.closed).toEqual(CLOSED);
    }
    const long = await askBackend("POST", `/users/${"x".repeat(129)}/revocations`, {});
    expect(await refusal(long)).toEqual([400, "bad_request"]);
  });
});
