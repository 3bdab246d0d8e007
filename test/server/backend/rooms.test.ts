import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Directory } from "../../../src/server/directory/directory.ts";
import {
  ALL_PARTITIONS,
  partitionOf,
  PARTITIONS,
} from "../../../src/server/directory/partitions.ts";
import { hashOf } from "../../../src/server/platform/hash.ts";
import { eventually, until } from "../../worker-kit/eventually.ts";
import { ask, askConfigured, refusal } from "../../worker-kit/http.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  restart,
  roomStub,
  runAlarm,
  tablesOf,
} from "../../worker-kit/time.ts";

const [KEY] = env.SERVER_KEY!.split(", ") as [string];
const headers = { Authorization: `Bearer ${KEY}` };

interface List {
  rooms: { room: string; online: number; connections: number }[];
  after: string | null;
}

let prefixes = 0;
/** A name's beginning that no other test has. */
const newPrefix = () => `list-${++prefixes}-`;

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function list(prefix: string, rest = ""): Promise<List> {
  const answer = await ask(`/rooms?prefix=${prefix}${rest}`, { headers });
  expect(answer.status).toBe(200);
  return answer.json();
}

const named = async (prefix: string) => (await list(prefix)).rooms.map(({ room }) => room);

async function leave(peer: Peer): Promise<void> {
  await peer.ask({ type: "leave" });
  await peer.closed;
}

const partition = (room: string) => env.DIRECTORY!.getByName(partitionOf(room));

/** Makes the list forget a room, as if its last report had been lost. */
const loseTell = (room: string) =>
  partition(room).tell({ room, online: 0, connections: 0, leaseMs: 0 });

describe("the list of rooms", () => {
  it("[B9.2] has a room from when the first comes until the last goes, with its counts", async () => {
    const room = `${newPrefix()}a`;
    const ada = await join(room, "ada");
    await eventually(async () => {
      expect(await list(room)).toEqual({
        rooms: [{ room, online: 1, connections: 1 }],
        after: null,
      });
    });
    const bob = await join(room, "bob");
    await leave(ada);
    await bob.ask({ type: "update", status: "offline" });
    await eventually(async () => expect(await named(room)).toEqual([]));
    await bob.ask({ type: "update", status: "busy" });
    await eventually(async () => expect(await named(room)).toEqual([room]));
    await leave(bob);
    await eventually(async () => expect(await named(room)).toEqual([]));
  });

  it("[B9.2] has counts that are at most 5 s old, for one tell in 5 s", async () => {
    const room = `${newPrefix()}a`;
    passTime(0);
    const tell = vi.spyOn(Directory.prototype, "tell");
    const tells = () => tell.mock.calls.filter(([told]) => told.room === room).length;
    const peers = await Promise.all(["a", "b", "c", "d", "e"].map((user) => join(room, user)));
    await eventually(async () => expect((await list(room)).rooms[0]?.online).toBeGreaterThan(0));
    expect(tells()).toBeLessThanOrEqual(2);
    passTime(5);
    await peers[0]!.ask({ type: "update", data: { hand: "up" } });
    await eventually(async () => expect((await list(room)).rooms[0]?.online).toBe(5));
    expect(tells()).toBeLessThanOrEqual(3);
    await Promise.all(peers.map(leave));
    await eventually(async () => expect(await named(room)).toEqual([]));
  });

  it("[B9.1] is ordered by name, in pages that leave nothing out, over all partitions", async () => {
    const prefix = newPrefix();
    const names = Array.from({ length: 40 }, (_, number) => `${prefix}${number * 7}`).toSorted();
    expect(new Set(names.map(partitionOf)).size).toBeGreaterThan(10);
    await Promise.all(
      names.map((room) =>
        partition(room).tell({ room, online: 2, connections: 3, leaseMs: 60_000 }),
      ),
    );
    expect(await named(prefix)).toEqual(names);
    const seen: string[] = [];
    let after: string | null = "";
    for (let page = 0; after !== null; page++) {
      const { rooms, after: next } = await list(prefix, `&limit=9&after=${after}`);
      seen.push(...rooms.map(({ room }) => room));
      expect(rooms).toHaveLength(page < 4 ? 9 : 4);
      after = next;
    }
    expect(seen).toEqual(names);
    expect((await list(prefix, "&limit=40")).after).toBeNull();
    expect((await list(prefix, "&limit=39")).after).toBe(names[38]);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=x",
    "limit=1e2",
    "prefix=%25",
    "after=a/b",
    "prefix=a%00",
  ])("[B9.1] refuses %s", async (asked) => {
    const answer = await ask(`/rooms?${asked}`, { headers });
    expect(await refusal(answer)).toEqual([400, "bad_request"]);
  });

  it("[B9.6, B5.3, B5.4] is for the backend alone, and there only with a key and a directory", async () => {
    expect(await refusal(await ask("/rooms"))).toEqual([401, "unauthenticated"]);
    const session = { Authorization: `Bearer ${await signIn("ada")}` };
    for (const path of ["/rooms", "/rooms/a/stats"]) {
      expect(await refusal(await ask(path, { headers: session }))).toEqual([
        401,
        "unauthenticated",
      ]);
      const none = await askConfigured({ SERVER_KEY: "" }, path, headers);
      expect(await refusal(none)).toEqual([404, "not_found"]);
    }
    const unbound = { ...env, DIRECTORY: undefined };
    const { createApp } = await import("../../../src/server/app.ts");
    const answer = await createApp().request("https://x.example/rooms", { headers }, unbound);
    expect(await refusal(answer)).toEqual([404, "not_found"]);
  });

  it.each<[string, () => Promise<never>]>([
    ["fails", () => Promise.reject(new Error("overloaded"))],
    ["hangs", () => new Promise(() => {})],
  ])(
    "[B9.3] answers 503 where one of its objects %s, for a part would be a lie",
    async (...broken) => {
      const getByName = () => ({ list: broken[1] });
      const DIRECTORY = { getByName } as never;
      const answer = await askConfigured({ DIRECTORY }, "/rooms", headers);
      expect(answer.headers.get("Retry-After")).toBe("1");
      expect(await refusal(answer)).toEqual([503, "rooms_unavailable"]);
    },
  );

  it("[B9.2, L6.2] is right within a sweep after the room crashed, whichever way its last tell was lost", async () => {
    const prefix = newPrefix();
    // It crashed before it reported that somebody came.
    const came = `${prefix}came`;
    await join(came, "ada");
    await eventually(async () => expect(await named(came)).toEqual([came]));
    await loseTell(came);
    await restart(came);
    passTime(20);
    await runAlarm(came);
    // In the grace period the member is still there, and afterwards not.
    await eventually(async () =>
      expect((await alarmOf(came))! - Date.now()).toBeLessThanOrEqual(20_000),
    );
    await passTimeWithAlarms(came, 20);
    await eventually(async () => expect(await named(prefix)).toEqual([]));

    // It crashed before it reported that the last one left.
    const left = `${prefix}left`;
    const bob = await join(left, "bob");
    await eventually(async () => expect(await named(left)).toEqual([left]));
    await leave(bob);
    await eventually(async () => expect(await named(left)).toEqual([]));
    await partition(left).tell({ room: left, online: 1, connections: 1, leaseMs: 3_600_000 });
    await restart(left);
    await roomStub(left).fetch("https://room/", {
      headers: { "x-rollcall-request": encodeURIComponent(JSON.stringify({ requestId: "r" })) },
    });
    await eventually(async () => expect(await named(prefix)).toEqual([]));
  });

  it("[B9.2] a tell that fails is told again, and until then the room is due within a sweep", async () => {
    const room = `${newPrefix()}a`;
    const stub = partition(room);
    const ada = await join(room, "ada");
    await eventually(async () => expect(await named(room)).toEqual([room]));
    await runInDurableObject(stub, (_directory, { storage }) => {
      storage.sql.exec("ALTER TABLE rooms RENAME TO hidden");
    });
    const tell = vi.spyOn(Directory.prototype, "tell");
    const failed = () =>
      tell.mock.settledResults.some(
        ({ type }, at) => type === "rejected" && tell.mock.calls[at]![0].room === room,
      );
    await leave(ada);
    await until(failed);
    await eventually(async () => {
      const due = (await alarmOf(room))! - Date.now();
      expect(due).toBeLessThanOrEqual(20_100);
    });
    await runInDurableObject(stub, (_directory, { storage }) => {
      storage.sql.exec("ALTER TABLE hidden RENAME TO rooms");
    });
    expect(await named(room)).toEqual([room]);
    await eventually(async () => expect(await named(room)).toEqual([]));
  });

  it("[B9.2, L7.2] what is taken back before it was told leaves no alarm behind that is always due", async () => {
    const room = `${newPrefix()}taken-back`;
    const ada = await join(room, "ada");
    await eventually(async () => expect(await named(room)).toEqual([room]));
    const tab = await join(room, "ada");
    await leave(tab);
    passTime(25);
    await ada.ask({ type: "idle", idle: false });
    expect(await runAlarm(room)).toBe(true);
    expect(await alarmOf(room)).toBeGreaterThan(Date.now());
  });

  it("[B9.2, L1] lets a room sleep, which tells nothing when it wakes", async () => {
    // A room that neither has just had its turn to renew its lease, nor has it soon.
    const turnMs = 1_200_000;
    const sinceTurn = (room: string) => (Date.now() + (hashOf(room) % turnMs)) % turnMs;
    const isBetweenTurns = (room: string) => Math.abs(sinceTurn(room) - turnMs / 2) < turnMs / 4;
    const prefix = newPrefix();
    const room = Array.from({ length: 100 }, (_, n) => `${prefix}${n}`).find(isBetweenTurns)!;
    await join(room, "ada");
    await eventually(async () => expect(await named(room)).toEqual([room]));
    await hibernate(room);
    await loseTell(room);
    passTime(1);
    await (await ask(`/rooms/${room}`, { headers })).json();
    await hibernate(room);
    expect(await named(room)).toEqual([]);
  });

  it("[B9.4] a lease is renewed by a room that sleeps between its sweeps, and else ends", async () => {
    const prefix = newPrefix();
    const room = `${prefix}kept`;
    const token = await signIn("ada", { exp: Math.floor(Date.now() / 1000) + 100_000 });
    const peer = await join(room, "ada", { token });
    await eventually(async () => expect(await named(room)).toEqual([room]));
    const gone = `${prefix}gone`;
    await partition(gone).tell({ room: gone, online: 1, connections: 1, leaseMs: 3_600_000 });
    expect(await named(prefix)).toEqual([gone, room]);
    const end = Date.now() + 2 * 3_600_000;
    while (Date.now() < end) {
      vi.setSystemTime((await alarmOf(room))!);
      await peer.ask({ type: "idle", idle: false });
      await hibernate(room);
      await runAlarm(room);
    }
    await eventually(async () => expect(await named(prefix)).toEqual([room]));
    await runDurableObjectAlarm(partition(gone));
    const rows = await runInDurableObject(partition(gone), (_directory, { storage }) => [
      ...storage.sql.exec("SELECT room FROM rooms WHERE room = ?", gone),
    ]);
    expect(rows).toEqual([]);
  });

  it("[B9.3, L5.5] a forgotten room has told so, and keeps nothing", async () => {
    const room = `${newPrefix()}a`;
    await leave(await join(room, "ada"));
    await passTimeWithAlarms(room, 90_000);
    await eventually(async () => expect(await alarmOf(room)).toBeNull());
    expect(await tablesOf(room)).toEqual([]);
  });

  it("[B9.3] spreads rooms evenly over its partitions", () => {
    expect(ALL_PARTITIONS).toHaveLength(PARTITIONS);
    for (const prefix of ["", "docs:", "room-000", "org.1234.project."]) {
      const sizes = new Map<string, number>();
      for (let number = 0; number < 16_000; number++) {
        const name = partitionOf(`${prefix}${number}`);
        sizes.set(name, (sizes.get(name) ?? 0) + 1);
      }
      expect(Math.min(...sizes.values()), prefix).toBeGreaterThan(850);
      expect(Math.max(...sizes.values()), prefix).toBeLessThan(1_150);
    }
    expect(hashOf("lobby")).toBe(hashOf("lobby"));
  });
});
