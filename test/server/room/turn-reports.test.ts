import { afterEach, expect, it, vi } from "vitest";
import type { Config } from "../../../src/server/config/config.ts";
import { admitWatcher, welcome } from "../../../src/server/room/connections/admission.ts";
import { Connection } from "../../../src/server/room/connections/connection.ts";
import { drop } from "../../../src/server/room/connections/leave.ts";
import { Client } from "./model-client.ts";
import { LIMITS, Model } from "./model.ts";
import { withStorage } from "./model-storage.ts";

const KEY = "k".repeat(32);

afterEach(() => void vi.restoreAllMocks());

/** A room that reports who has left to the users' objects. */
function openRoom(storage: DurableObjectStorage, settings: Partial<Config> = {}) {
  const lines: { event: string }[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
  /** What the users' objects were told: who, the stamp, and when they were last online. */
  const told: [string, number, number | null][] = [];
  const users = {
    getByName: (user: string) => ({
      left: async (_room: string, stamp: number, lastOnline: number | null) =>
        void told.push([user, stamp, lastOnline]),
    }),
  } as unknown as Config["users"];
  const model = new Model(storage, LIMITS, { users, ...settings });
  const { room, roster } = model;
  const turn = (act: (now: number) => void, durable = true) => {
    model.turn(act, durable);
    for (const task of room.tasks.splice(0)) void task((run) => model.turn(run));
    return told.splice(0);
  };
  const sessionOf = (user: string, stamp: number, now: number) => ({
    user: { id: user },
    roles: [],
    issuedAt: now,
    expiresAt: now + 1e9,
    ...(stamp > 0 && { admission: { stamp, at: now } }),
  });
  const join = (user: string, stamp: number, leasedUntil?: number) => {
    const ref = { user, connection: `c-${++model.joins}` };
    const how = leasedUntil === undefined ? {} : { leasedUntil };
    turn((now) => void roster.join(now, sessionOf(user, stamp, now), ref.connection, how));
    return ref;
  };
  const watch = (user: string, stamp: number) => {
    const id = `c-${++model.joins}`;
    const init = { id, view: "delta", watches: true, origin: "", renews: false } as const;
    let opened: Connection | null = null;
    turn((now) => {
      const session = sessionOf(user, stamp, now);
      expect(admitWatcher(room, session)).toBeNull();
      const ws = new Client(user).open(() => {});
      opened = Connection.open(ws, { ...init, session, heardAt: now });
      welcome(room, opened, session, null, now);
    });
    return opened! as Connection;
  };
  const leave = (ref: { user: string; connection: string }) =>
    turn((now) => roster.end(now, ref, now));
  const shut = (connection: Connection) => turn(() => drop(room, connection, "closed"));
  return { model, room, roster, lines, turn, join, watch, leave, shut };
}

/** Runs a test with a room. */
function inRoom(
  test: (room: ReturnType<typeof openRoom>) => Promise<void> | void,
  settings: Partial<Config> = {},
): Promise<void> {
  return withStorage(async (storage) => {
    await test(openRoom(storage, settings));
    vi.clearAllTimers();
  });
}

it("[B4.2, B8.2] who leaves is reported once, with the newest stamp, and not if nobody admitted them", () =>
  inRoom(({ join, leave, turn }) => {
    const at = Date.now();
    const [ada, bob] = [join("ada", 1), join("bob", 0)];
    expect(leave(ada)).toEqual([["ada", 1, at]]);
    expect(leave(bob)).toEqual([]);
    expect(turn(() => {})).toEqual([]);
  }));

it("[B8.3] nobody is told without a server key, though there was one", () =>
  inRoom(
    ({ join, model, room, roster }) => {
      const ada = join("ada", 1);
      model.turn((now) => roster.end(now, ada, now), true);
      expect(room.tasks).toEqual([]);
    },
    { users: null },
  ));

it("[B3.6, B4.2] a departure that an answer reports is not reported beside it, and the next one is", () =>
  inRoom(({ join, turn, room, roster }) => {
    const end = (ref: { user: string; connection: string }, isAnswered: boolean) =>
      turn((now) => {
        if (isAnswered) room.answeredDepartures.add("ada");
        roster.end(now, ref, now);
      });
    expect(end(join("ada", 1), true)).toEqual([]);
    expect(end(join("ada", 2), false)).toEqual([["ada", 2, Date.now()]]);
  }));

it("[S1.5] a member who still watches has not left, and a watcher has when the last connection ends", () =>
  inRoom(({ join, leave, watch, shut, turn }) => {
    const ada = join("ada", 3);
    expect(shut(watch("ada", 1))).toEqual([]);
    const [first, second] = [watch("ada", 7), watch("ada", 5)];
    expect(shut(first)).toEqual([]);
    const leftAt = Date.now();
    expect(leave(ada)).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(shut(second)).toEqual([["ada", 5, leftAt]]);
    expect(turn(() => {})).toEqual([]);
  }));

it("[S1.5, B8.2] the stamp of who watched is the newest of all that the room has seen", () =>
  inRoom(({ join, leave, watch, shut, turn, room }) => {
    expect(shut(watch("eve", 4))).toEqual([["eve", 4, null]]);
    const [one, other] = [watch("bob", 7), watch("bob", 5)];
    const both = turn(() => {
      drop(room, one, "closed");
      drop(room, other, "closed");
    });
    expect(both).toEqual([["bob", 7, null]]);
    const watcher = watch("ada", 2);
    leave(join("ada", 9));
    expect(shut(watcher)).toEqual([["ada", 9, Date.now()]]);
  }));

it("[S1.5, W7] who has left is reported when that is stored", () =>
  inRoom(({ roster, watch, join, turn, room }) => {
    const watcher = watch("ada", 2);
    const ada = join("ada", 3);
    const gone = turn((now) => {
      roster.end(now, ada, now);
      drop(room, watcher, "closed");
    }, false);
    expect(gone).toEqual([]);
    expect(room.isChanged).toBe(true);
    vi.advanceTimersByTime(50);
    expect(turn(() => {})[0]).toEqual(["ada", 3, Date.now() - 50]);
  }));

it("[B8.2, B11.1] what was admitted before somebody left cannot come after the room has forgotten them", () =>
  inRoom(({ join, leave, turn, room, roster }) => {
    const isStale = () =>
      room.barriers.isStale(
        "ada",
        { stamp: 3, at: Date.now() },
        { isHere: false, stamp: roster.stampOf("ada"), now: Date.now() },
      );
    expect(isStale()).toBe(false);
    leave(join("ada", 3));
    turn((now) => roster.forget(now, "ada"));
    expect(roster.find("ada")).toBeUndefined();
    expect(isStale()).toBe(true);
  }));

it.each([
  ["with one server key", [KEY], 1],
  ["without a server key", [], 0],
])(
  "[B10, V1, O3.1] %s, a lease that ends is counted in one row, and nothing else is",
  (_how, serverKeys, rows) =>
    inRoom(
      ({ join, leave, turn, room, lines }) => {
        const count = vi.spyOn(room.store, "count");
        leave(join("bob", 0));
        turn(() => {});
        expect(count).not.toHaveBeenCalled();
        join("ada", 0, Date.now() + 1_000);
        vi.setSystemTime(Date.now() + 1_000);
        turn(() => {});
        leave(join("bob", 0));
        expect(count.mock.calls).toEqual(rows ? [["ghosts", 1]] : []);
        expect(room.store.tally("ghosts")).toBe(rows);
        const left = { event: "leave", user: "ada", connection: "c-2", reason: "stale" };
        expect(lines).toEqual([expect.objectContaining(left)]);
      },
      { serverKeys },
    ),
);

it("[L1] a room without signals, a list, a hub or webhooks sleeps when nothing is due", () =>
  inRoom(
    ({ model, join, room }) => {
      join("ada", 0);
      vi.advanceTimersByTime(10_000);
      model.sleep();
      expect(model.room).not.toBe(room);
    },
    { signals: false },
  ));

it("[B10, H6.2] a message that is dead is counted once", () =>
  inRoom(
    ({ join, turn, room }) => {
      const count = vi.spyOn(room.store, "count");
      // Nothing is sent.
      vi.spyOn(room.webhooks!, "send").mockImplementation(() => null);
      join("ada", 0);
      expect(count).not.toHaveBeenCalled();
      vi.spyOn(room.webhooks!, "takeDead").mockImplementationOnce(() => 1);
      turn(() => {});
      turn(() => {});
      expect(count.mock.calls).toEqual([["dead", 1]]);
      expect(room.store.tally("dead")).toBe(1);
    },
    { webhook: { url: "https://hooks.example.com", secrets: [`whsec_${"a".repeat(32)}`] } },
  ));

/** The list of rooms, and the numbers of members that it was told. */
function openDirectory() {
  const reports: number[] = [];
  const list = { tell: async ({ online }: { online: number }) => void reports.push(online) };
  const directory = { getByName: () => list } as unknown as Config["directory"];
  return { reports, settings: { directory } };
}

it("[B9.2] counts are reported 5 s after the last report, though nothing else happens", () => {
  const { reports, settings } = openDirectory();
  return inRoom(async ({ room, join, turn }) => {
    turn((now) => room.wake([], now));
    join("ada", 0);
    // The report takes no time.
    await vi.advanceTimersByTimeAsync(0);
    expect(reports).toEqual([1]);
    join("bob", 0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(room.tasks).toHaveLength(1);
  }, settings);
});

it("[B9.2, L5.5] a room that everybody was forgotten in keeps its alarm until the list knows", () => {
  const { reports, settings } = openDirectory();
  return inRoom(async ({ room, roster, join, turn }) => {
    turn((now) => room.wake([], now));
    const ada = join("ada", 0);
    await vi.advanceTimersByTimeAsync(0);
    turn((now) => {
      roster.end(now, ada, now);
      roster.forget(now, "ada");
    });
    expect([room.isEmpty, room.store.exists, room.alarm.at === null]).toEqual([true, true, false]);
    await vi.advanceTimersByTimeAsync(0);
    expect(reports).toEqual([1, 0]);
    expect([room.store.exists, room.alarm.at]).toEqual([false, null]);
  }, settings);
});
