import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Directory } from "../../../src/server/directory/directory.ts";
import { partitionOf } from "../../../src/server/directory/partitions.ts";
import { Room } from "../../../src/server/room/room.ts";
import { User } from "../../../src/server/user/user.ts";
import { countStorage, settleCounts } from "../../bench/worker/count-storage.ts";
import type { Counts } from "../../bench/worker/counts.ts";
import { admit, askBackend, queryUser, userStub, whereIs } from "../../worker-kit/backend.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { evict } from "../../worker-kit/evict.ts";
import { join } from "../../worker-kit/peer.ts";
import { passTime } from "../../worker-kit/time.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let names = 0;
const fresh = (what: string) => `admitted-${what}-${++names}`;
const MARK = { issuedAt: 1 };
const NOTHING: Counts = {
  rowsWritten: 0,
  rowsRead: 0,
  alarmsSet: 0,
  alarmsFired: 0,
  starts: 0,
  calls: 0,
};

/** Runs steps of a user's object, and returns the rows that each wrote and the alarms that it set. */
function writtenBy(
  user: string,
  steps: ((user: User) => unknown)[],
): Promise<{ rows: number; alarms: number }[]> {
  return runInDurableObject(userStub(user), async (_user, state) => {
    const counts = { ...NOTHING };
    const storage = countStorage(state.storage, counts);
    Object.defineProperty(state, "storage", { value: storage, configurable: true });
    const object = new User(state, env);
    const written: { rows: number; alarms: number }[] = [];
    for (const step of steps) {
      Object.assign(counts, NOTHING);
      await step(object);
      settleCounts(counts);
      written.push({ rows: counts.rowsWritten, alarms: counts.alarmsSet });
    }
    return written;
  });
}

describe("what an admission costs", () => {
  it("[B8.4] the first to a room writes two rows, the alarm among them, and one for another tab none", async () => {
    const [ada, one, two] = [fresh("ada"), fresh("room"), fresh("room")];
    const written = await writtenBy(ada, [
      (user) => user.admit(MARK, one),
      (user) => user.admit(MARK, one),
      (user) => user.admit(MARK, two),
      (user) => user.isRevoked(MARK),
    ]);
    expect(written).toEqual([
      { rows: 1, alarms: 1 },
      { rows: 0, alarms: 0 },
      { rows: 1, alarms: 0 },
      { rows: 0, alarms: 0 },
    ]);
    // Nor does one after a restart.
    await evict(userStub(ada));
    expect(await writtenBy(ada, [(user) => user.admit(MARK, one)])).toEqual([
      { rows: 0, alarms: 0 },
    ]);
  });

  it("[B8.4] a join is one call of the user's object, and so is another tab's", async () => {
    const [ada, room] = [fresh("ada"), fresh("room")];
    const admitted = vi.spyOn(User.prototype, "admit");
    const checked = vi.spyOn(User.prototype, "isRevoked");
    const told = vi.spyOn(User.prototype, "left");
    await join(room, ada);
    expect(admitted).toHaveBeenCalledTimes(1);
    await join(room, ada);
    expect(admitted).toHaveBeenCalledTimes(2);
    expect(checked).not.toHaveBeenCalled();
    expect(told).not.toHaveBeenCalled();
  });

  it("[B4.4, B11.3] the list that 0.1.0 kept in a table is taken over, with what was left and when", async () => {
    const [ada, here, before] = [fresh("ada"), fresh("room"), fresh("room")];
    await join(here, ada);
    const { stamp } = (await queryUser(ada, "SELECT stamp FROM rooms"))[0] as { stamp: number };
    const leftAt = Date.now() - 1_000;
    await runInDurableObject(userStub(ada), async (_user, { storage }) => {
      await storage.deleteAll();
      storage.sql.exec(
        "CREATE TABLE rooms (room TEXT PRIMARY KEY, stamp INTEGER, last_online INTEGER) WITHOUT ROWID",
      );
      storage.sql.exec("INSERT INTO rooms VALUES (?, ?, NULL)", here, stamp);
      storage.sql.exec("INSERT INTO rooms VALUES (?, ?, ?)", before, stamp - 1, leftAt);
    });
    const list = [
      { room: before, stamp: stamp - 1, last_online: leftAt },
      { room: here, stamp, last_online: null },
    ].toSorted((a, b) => (a.room < b.room ? -1 : 1));
    for (let restarts = 0; restarts < 2; restarts++) {
      await evict(userStub(ada));
      expect(await queryUser(ada, "SELECT * FROM rooms")).toEqual(list);
      expect((await admit(ada, MARK, here))!.stamp).toBe(stamp);
    }
    expect(await whereIs(ada)).toMatchObject({ status: "online", rooms: [{ room: here }] });
  });
});

describe("what the list of rooms writes", () => {
  it("[B9.7] counts alone write nothing, and after a restart of the list's object the room is asked", async () => {
    const room = fresh("room");
    const partition = env.DIRECTORY!.getByName(partitionOf(room));
    const leaseMs = 3_600_000;
    const tell = (online: number) => partition.tell({ room, online, connections: online, leaseMs });
    const stored = () =>
      runInDurableObject(partition, (_directory, { storage }) => [
        ...storage.sql.exec(
          "SELECT online, expires_at > ? AS renewed FROM rooms WHERE room = ?",
          Date.now() + leaseMs * 0.9,
          room,
        ),
      ]);
    const listed = async () => {
      const answer = await askBackend("GET", `/rooms?prefix=${room}`);
      return (await answer.json<{ rooms: { online: number }[] }>()).rooms.map(
        ({ online }) => online,
      );
    };
    const asked = vi.spyOn(Room.prototype, "count").mockImplementation(async () => {
      return { online: 4, connections: 4 };
    });
    passTime(0);
    await tell(1);
    await tell(2);
    expect(await stored()).toEqual([{ online: 1, renewed: 1 }]);
    expect(await listed()).toEqual([2]);
    expect(asked).not.toHaveBeenCalled();
    await evict(partition);
    expect(await listed()).toEqual([4]);
    expect(await listed()).toEqual([4]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(await stored()).toEqual([{ online: 1, renewed: 1 }]);
    passTime(leaseMs / 2000 + 1);
    expect(await stored()).toEqual([{ online: 1, renewed: 0 }]);
    await tell(3);
    expect(await stored()).toEqual([{ online: 3, renewed: 1 }]);
    await tell(0);
    expect(await stored()).toEqual([]);
  });

  it("[B9.7] a room in which people come and go is listed with a row once", async () => {
    const room = fresh("room");
    const told = vi.spyOn(Directory.prototype, "tell");
    await join(room, "ada");
    await eventually(() => expect(told).toHaveBeenCalled());
    const partition = env.DIRECTORY!.getByName(partitionOf(room));
    const row = () =>
      runInDurableObject(partition, (_directory, { storage }) => [
        ...storage.sql.exec("SELECT online, expires_at FROM rooms WHERE room = ?", room),
      ]);
    await eventually(async () => expect(await row()).toHaveLength(1));
    const before = await row();
    await join(room, "bob");
    await eventually(async () => {
      const answer = await askBackend("GET", `/rooms?prefix=${room}`);
      expect(await answer.json()).toMatchObject({ rooms: [{ room, online: 2 }] });
    });
    expect(await row()).toEqual(before);
  });
});
