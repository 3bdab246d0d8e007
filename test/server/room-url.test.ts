import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { isRoomName } from "../../src/protocol/room-name.ts";
import { ask, askAs, readRoom, refusal } from "../worker-kit/http.ts";
import { join, tryJoin } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import { query } from "../worker-kit/time.ts";

let rooms = 0;
const newRoom = () => `url-${++rooms}`;

describe("the room URL", () => {
  it("[R1] the same URL is read over GET and joined over WebSocket", async () => {
    const room = newRoom();
    expect((await readRoom(room)).online).toBe(0);
    await join(room, "ada");
    expect((await readRoom(room)).online).toBe(1);
  });

  it.each([
    "%00",
    "a%00b",
    "-x",
    ".x",
    "a%2Fb",
    "a%20b",
    "%C3%A9",
    "x".repeat(129),
    "a".repeat(300),
    "a!b",
    "%zz",
  ])("[R2] %s is no room's name", async (name) => {
    expect(await refusal(await askAs("ada", `/rooms/${name}`))).toEqual([400, "room_invalid"]);
    expect(await refusal(await tryJoin(name, "ada"))).toEqual([400, "room_invalid"]);
  });

  it("[R2] a path with .. names no room, whichever way it is written", async () => {
    for (const path of ["/rooms/..", "/rooms/%2e%2e", "/rooms/../rooms", "/rooms/", "/rooms/a/b"]) {
      expect(await refusal(await askAs("ada", path)), path).toEqual([404, "not_found"]);
    }
    expect(await refusal(await askAs("ada", "/rooms/..%2fa"))).toEqual([400, "room_invalid"]);
  });

  it("[R2] accepts every character of the pattern, up to 128", async () => {
    for (const name of ["a", "0", "A.b_c:d~e-f", "x".repeat(128)]) {
      expect(isRoomName(name)).toBe(true);
      expect((await askAs("ada", `/rooms/${name}`)).status).toBe(200);
    }
  });

  it("[R3, R4.1, R4.2, R4.4] answers a snapshot with every member, ordered by id", async () => {
    const room = newRoom();
    await join(room, "bob", {
      token: await signIn("bob", { name: "Bob", picture: "https://img.example.com/b.png" }),
    });
    await join(room, "Zoe");
    await join(room, "Zoe");
    const ada = await join(room, "ada");
    await ada.ask({ type: "leave" });
    const snapshot = await readRoom(room);
    expect(snapshot).toEqual({
      type: "snapshot",
      room,
      epoch: expect.any(String),
      version: 5,
      online: 2,
      connections: 3,
      members: [
        { id: "Zoe", name: "Zoe", status: "online", connections: 2, lastOnline: null },
        {
          id: "ada",
          name: "ada",
          status: "offline",
          connections: 0,
          lastOnline: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        },
        {
          id: "bob",
          name: "Bob",
          image: "https://img.example.com/b.png",
          status: "online",
          connections: 1,
          lastOnline: null,
        },
      ],
    });
  });

  it("[R5] its entity tag is epoch and version; a matching condition answers 304 with no body", async () => {
    const room = newRoom();
    await join(room, "ada");
    const { epoch, version } = await readRoom(room);
    const fresh = await askAs("reader", `/rooms/${room}`);
    expect(fresh.headers.get("ETag")).toBe(`"${epoch}.${version}"`);
    expect(fresh.headers.get("Cache-Control")).toBe("private, no-cache");
    expect(fresh.headers.get("X-Request-Id")).not.toBeNull();
    expect(fresh.headers.get("X-Content-Type-Options")).toBe("nosniff");
    for (const condition of [
      `"${epoch}.${version}"`,
      `W/"${epoch}.${version}"`,
      `"x", "${epoch}.${version}"`,
      "*",
    ]) {
      const answer = await askAs("reader", `/rooms/${room}`, { "If-None-Match": condition });
      expect([answer.status, await answer.text()]).toEqual([304, ""]);
      expect(answer.headers.get("ETag")).toBe(`"${epoch}.${version}"`);
    }
    const other = await askAs("reader", `/rooms/${room}`, { "If-None-Match": `"${epoch}.9"` });
    expect(other.status).toBe(200);
  });

  it("[R6.1, R6.2] since answers the delta, an empty one where nothing changed, and fields=counts leaves members out", async () => {
    const room = newRoom();
    await join(room, "ada");
    const { epoch, version } = await readRoom(room);
    const since = await askAs("reader", `/rooms/${room}?since=${epoch}.${version}`);
    expect(await since.json()).toEqual({
      type: "delta",
      epoch,
      from: version,
      version,
      online: 1,
      connections: 1,
      set: [],
      gone: [],
    });
    const counts = await askAs("reader", `/rooms/${room}?fields=counts`);
    expect(await counts.json()).toEqual({
      type: "snapshot",
      room,
      epoch,
      version,
      online: 1,
      connections: 1,
      watching: 0,
    });
  });

  it("[R7] reading needs a session, makes nobody present, and stores nothing", async () => {
    const room = newRoom();
    expect(await refusal(await ask(`/rooms/${room}`))).toEqual([401, "unauthenticated"]);
    const ids = await listDurableObjectIds(env.ROOMS);
    expect(ids.map(String)).not.toContain(env.ROOMS.idFromName(room).toString());
    expect((await readRoom(room)).members).toEqual([]);
    expect(await query(room, "SELECT name FROM sqlite_master")).toEqual([]);
  });
});
