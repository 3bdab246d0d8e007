import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { partitionOf } from "../../../src/server/directory/partitions.ts";
import { Directory } from "../../../src/server/directory/directory.ts";
import { Room } from "../../../src/server/room/room.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { evict } from "../../worker-kit/evict.ts";
import { askBackend } from "../../worker-kit/backend.ts";
import { join } from "../../worker-kit/peer.ts";
import { passTime, roomStub } from "../../worker-kit/time.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface List {
  rooms: { room: string; online: number; connections: number }[];
  after: string | null;
}

let prefixes = 0;
const newPrefix = () => `confirmed-${++prefixes}-`;
const LEASE_MS = 3_600_000;

async function list(prefix: string, rest = ""): Promise<List> {
  const answer = await askBackend("GET", `/rooms?prefix=${prefix}${rest}`);
  expect(answer.status).toBe(200);
  return answer.json();
}

const partition = (room: string) => env.DIRECTORY!.getByName(partitionOf(room));
/** Sends the list a report that the room itself would not send. */
const tell = (room: string, online = 1, connections = online) =>
  partition(room).tell({ room, online, connections, leaseMs: LEASE_MS });

/** Lets the list ask something other than its rooms. */
const replaceRooms = (room: string, stub: object) =>
  runInDurableObject(partition(room), (directory) => {
    Object.assign(directory, { env: { ...env, ROOMS: { getByName: () => stub } } });
  });

it("[B9.5] a room that did not tell for three sweeps is asked, and one that nobody is in is not listed", async () => {
  const prefix = newPrefix();
  const [ghost, wrong, right] = ["ghost", "wrong", "right"].map((name) => prefix + name);
  // From here on the clock moves by the test alone: a busy machine may take seconds to join.
  passTime(0);
  for (const room of [wrong!, right!]) await join(room, "ada");
  await eventually(async () => expect((await list(prefix)).rooms).toHaveLength(2));
  await tell(ghost!, 2);
  await tell(wrong!, 5, 9);
  const count = vi.spyOn(Room.prototype, "count");
  passTime(59);
  expect((await list(prefix)).rooms.map(({ online }) => online)).toEqual([2, 1, 5]);
  expect(count).not.toHaveBeenCalled();
  passTime(2);
  // A Worker of 0.1.0 is shown no mark.
  const older = await partition(ghost!).list({ prefix, after: "", limit: 1 });
  expect(older.every((found) => !("isOld" in found))).toBe(true);
  // What the objects of the list remember of this is not needed.
  await evict(partition(ghost!));
  const truth = [right!, wrong!].map((room) => ({ room, online: 1, connections: 1 }));
  expect(await list(prefix)).toEqual({ rooms: truth, after: null });
  expect(count).toHaveBeenCalledTimes(3);
  expect((await list(prefix)).rooms).toEqual(truth);
  expect(count).toHaveBeenCalledTimes(3);
});

it("[B9.5] only the rooms of the page asked for are asked, and a page may be shorter for it", async () => {
  const prefix = newPrefix();
  const names = Array.from({ length: 12 }, (_, n) => `${prefix}${String(n).padStart(2, "0")}`);
  for (const room of names) await tell(room);
  passTime(61);
  const count = vi.spyOn(Room.prototype, "count");
  expect(await list(prefix, "&limit=5")).toEqual({ rooms: [], after: names[4] });
  expect(count).toHaveBeenCalledTimes(5);
  expect(await list(prefix, `&limit=7&after=${names[4]}`)).toEqual({ rooms: [], after: null });
  expect(count).toHaveBeenCalledTimes(12);
});

it.each(["hang", "fail"])(
  "[B9.5] rooms that %s are listed as they told last, and delay nobody",
  async (how) => {
    const room = `${newPrefix()}a`;
    await tell(room, 3);
    passTime(61);
    const count = () => (how === "hang" ? new Promise(() => {}) : Promise.reject(new Error("no")));
    await replaceRooms(room, { count });
    expect((await list(room)).rooms).toEqual([{ room, online: 3, connections: 3 }]);
  },
);

it("[B9.5] where the list's own object cannot ask, its rooms are listed as they told last", async () => {
  const room = `${newPrefix()}a`;
  await tell(room, 3);
  passTime(61);
  vi.spyOn(Directory.prototype, "confirm").mockRejectedValue(new Error("overloaded"));
  expect((await list(room)).rooms).toEqual([{ room, online: 3, connections: 3 }]);
});

it.each([0, 4])(
  "[B9.5] what a room tells while it is asked is newer than its answer: %d",
  async (online) => {
    const room = `${newPrefix()}a`;
    await tell(room, 3);
    passTime(61);
    const count = async () => {
      await tell(room, online);
      return { online: 7, connections: 7 };
    };
    await replaceRooms(room, { count });
    const told = online === 0 ? [] : [{ room, online, connections: online }];
    expect((await list(room)).rooms).toEqual(told);
    await replaceRooms(room, roomStub(room));
    expect((await list(room)).rooms).toEqual(told);
  },
);

it("[B9.2] a tell that hangs is given up, and told again", async () => {
  const room = `${newPrefix()}a`;
  let tells = 0;
  const real = Directory.prototype.tell;
  vi.spyOn(Directory.prototype, "tell").mockImplementation(function (this: Directory, told) {
    if (told.room !== room || ++tells > 1) return real.call(this, told);
    return new Promise(() => {});
  });
  await join(room, "ada");
  await eventually(async () => expect((await list(room)).rooms).toHaveLength(1));
  expect(tells).toBeGreaterThan(1);
});
