import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { pass } from "../../worker-kit/fake-clock.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join } from "../../worker-kit/peer.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  runAlarm,
} from "../../worker-kit/time.ts";
import { Expected } from "./grace-model.ts";
import { LIMITS, Model } from "./model.ts";
import { begin, setting, withStorage } from "./model-storage.ts";
import { USERS } from "./model-steps.ts";
import { runs } from "../../property-cases.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `grace-${++rooms}`;
const storedIn = (room: string) => query(room, "SELECT * FROM members ORDER BY id");
const shownIn = async (room: string) =>
  (await readRoom(room)).members.map(({ id, status, connections }) => [id, status, connections]);

describe("a lost place", () => {
  it("[L4.2] changes nothing that is stored when it is lost, and nothing when the next page takes it over", async () => {
    const room = newRoom();
    await join(room, "watcher");
    const ada = await join(room, "ada");
    const before = await storedIn(room);
    ada.close(1001);
    await ada.closed;
    expect((await readRoom(room)).online).toBe(2);
    expect(await storedIn(room)).toEqual(before);
    const back = await join(room, "ada");
    await back.ask({ type: "idle", idle: false });
    expect(await storedIn(room)).toEqual(before);
    await passTimeWithAlarms(room, 20);
    expect(await storedIn(room)).toEqual(before);
  });

  it("[L4.3, R4.3] ends in time in a room that hibernated meanwhile, whatever woke it, and was last online when it was lost", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const ada = await join(room, "ada");
    ada.close(1001);
    await ada.closed;
    const lostAt = Date.now();
    for (let second = 0; second < 7; second++) {
      passTime(1);
      await hibernate(room);
      await watcher.ask({ type: "update", data: { second } });
    }
    expect(await shownIn(room)).toContainEqual(["ada", "online", 1]);
    await hibernate(room);
    await passTimeWithAlarms(room, 3);
    const [member] = (await readRoom(room)).members;
    expect(member).toMatchObject({ id: "ada", status: "offline" });
    expect(Math.abs(Date.parse(member!.lastOnline!) - lostAt)).toBeLessThan(1_000);
  });

  it("[L4.3] ends in time though others are lost after it and the room sleeps", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    ada.close(1001);
    await ada.closed;
    passTime(5);
    bob.close(1001);
    await bob.closed;
    await watcher.ask({ type: "idle", idle: false });
    await hibernate(room);
    passTime(4);
    expect(await shownIn(room)).toEqual([
      ["ada", "offline", 0],
      ["bob", "online", 1],
      ["watcher", "online", 1],
    ]);
  });

  it("[L4.3] is stored where no socket is left to note it on", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    ada.close(1001);
    await ada.closed;
    passTime(4);
    bob.close(1001);
    await bob.closed;
    await eventually(async () => {
      expect(JSON.stringify(await storedIn(room))).toMatch(/lostAt.*lostAt/);
    });
    await hibernate(room);
    passTime(4);
    expect(await shownIn(room)).toEqual([
      ["ada", "offline", 0],
      ["bob", "online", 1],
    ]);
  });

  it("[L4.2] of a socket that closed after a long sleep has a grace period of its own", async () => {
    const room = newRoom();
    const watcher = await join(room, "watcher");
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    ada.close(1001);
    await ada.closed;
    await passTimeWithAlarms(room, 30);
    await watcher.ask({ type: "idle", idle: false });
    bob.send("ping");
    await bob.ask({ type: "idle", idle: false });
    await hibernate(room);
    bob.close(1001);
    await bob.closed;
    await hibernate(room);
    passTime(7);
    expect(await shownIn(room)).toContainEqual(["bob", "online", 1]);
    passTime(2);
    expect(await shownIn(room)).toContainEqual(["bob", "offline", 0]);
  });

  it("[L7.5] shares an alarm with others that end at most 2 s later", async () => {
    const room = newRoom();
    vi.setSystemTime(Math.ceil(Date.now() / 2_000) * 2_000 + 100);
    await join(room, "watcher");
    const pages = await Promise.all(["ada", "bob", "cleo"].map((user) => join(room, user)));
    const lostAt = Date.now();
    for (const page of pages) {
      page.close(1001);
      await page.closed;
      passTime(0.5);
    }
    const alarm = (await alarmOf(room))!;
    expect(alarm).toBeGreaterThanOrEqual(lostAt + 8_000);
    expect(alarm).toBeLessThanOrEqual(lostAt + 10_000);
    vi.setSystemTime(Math.max(alarm, lostAt + 9_600));
    await runAlarm(room);
    expect((await readRoom(room)).online).toBe(1);
  });
});

describe("what 0.1.0 stored", () => {
  it("[L6.1, L4.3, M1] is read: places with the names of their sockets, lost ones and idle ones", async () => {
    const room = newRoom();
    for (const user of ["ada", "bob", "cleo"]) await join(room, user);
    const old = (connection: string, idle: boolean, lostAt: number | null) =>
      `'${JSON.stringify([{ connection, idle, lostAt }])}'`;
    await query(room, `UPDATE members SET places = ${old("a", false, null)} WHERE id = 'ada'`);
    await query(room, `UPDATE members SET places = ${old("b", true, null)} WHERE id = 'bob'`);
    const lostAt = Date.now() - 4_000;
    await query(room, `UPDATE members SET places = ${old("c", false, lostAt)} WHERE id = 'cleo'`);
    await restart(room);
    expect(await shownIn(room)).toEqual([
      ["ada", "online", 1],
      ["bob", "away", 1],
      ["cleo", "online", 1],
    ]);
    passTime(5);
    await join(room, "ada");
    expect(await shownIn(room)).toContainEqual(["cleo", "offline", 0]);
    await passTimeWithAlarms(room, 9);
    expect(await shownIn(room)).toEqual([
      ["ada", "online", 1],
      ["bob", "offline", 0],
      ["cleo", "offline", 0],
    ]);
  });
});

const PAGE = { resume: true, hasNewName: false };
const USER = fc.nat(2);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("join" as const), user: USER }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("lose" as const), user: USER }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 300, 1_500, 2_100, 5_000, 7_999, 8_000, 11_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("sleep" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

it("[L4.2, L4.3, L6.1, L6.2, L7.5] in every order of losses, returns, sleeps and crashes nobody flickers, and nobody stays", () =>
  withStorage((storage) =>
    fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
        fc.boolean(),
        async (setting, steps, isWatched) => {
          begin(setting);
          const model = new Model(storage);
          const expected = new Expected(LIMITS.graceMs);
          const join = (user: number) => {
            model.turn((now) => model.join({ do: "join", user, ...PAGE }, now));
            expected.join(user, Date.now());
          };
          if (isWatched) join(4);
          for (const each of steps) {
            if (each.do === "join" && expected.liveOf(each.user) < 2) join(each.user);
            if (each.do === "lose") {
              const client = model.live.find(({ user }) => user === USERS[each.user]);
              if (client) {
                model.turn((now) => model.cut(client, "lose", now));
                expected.lose(each.user, Date.now());
              }
            }
            if (each.do === "sleep") {
              await pass(100);
              model.sleep();
            }
            if (each.do === "restart") {
              await pass(100);
              model.turn((now) => model.restart(now));
              expected.crash(Date.now());
            }
            if (each.do === "pass") await pass(each.ms);
            for (const [user, id] of USERS.entries()) {
              const member = model.roster.list.member(id);
              const { connections = 0 } = member
                ? (JSON.parse(member) as { connections: number })
                : {};
              const { least, most } = expected.boundsOf(user, Date.now());
              expect(connections, `${id} at least`).toBeGreaterThanOrEqual(least);
              expect(connections, `${id} at most`).toBeLessThanOrEqual(most);
            }
          }
        },
      ),
      { numRuns: runs(200) },
    ),
  ));
