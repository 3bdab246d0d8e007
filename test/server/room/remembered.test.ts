import { afterEach, describe, expect, it, vi } from "vitest";
import { askAs, readRoom } from "../../worker-kit/http.ts";
import { deltas, join, welcomeOf, type Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart, runAlarm } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

/** The configuration's default. */
const MAX_REMEMBERED = 1_000;
const NOBODY = "00000000-0000-0000-0000-000000000000";

let rooms = 0;
const newRoom = () => `remembered-${++rooms}`;
const idsIn = async (room: string) => (await readRoom(room)).members.map(({ id }) => id);

/** The ids that {@link fill} gives, in their order. */
const fillers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `filler-${String(from + n).padStart(4, "0")}`);

/** Stores members who left, each a millisecond after the one before, the last one just now. */
async function fill(room: string, count: number): Promise<void> {
  await query(
    room,
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
     INSERT INTO members (id, version, name, issued_at, places, last_online)
     SELECT format('filler-%04d', i), 1, 'Filler', 0, '[]', ${Date.now() - count} + i FROM n`,
  );
}

/** Joins with a session that outlasts the retention. */
async function joinForLong(room: string, user: string): Promise<Peer> {
  const token = await signIn(user, { exp: Math.floor(Date.now() / 1000) + 10 * 86_400 });
  return join(room, user, { token });
}

describe("a room's memory of who left", () => {
  it("[L5.2, A6.3] of a crowd of accounts that come and go, it remembers who left last; the others are gone, rows and all", async () => {
    const room = newRoom();
    await join(room, "watcher");
    await fill(room, MAX_REMEMBERED - 10);
    await restart(room);
    const watcher = await join(room, "watcher");
    const crowd = Array.from({ length: 60 }, (_, n) => `user-${String(n).padStart(3, "0")}`);
    for (let from = 0; from < crowd.length; from += 30) {
      const comeAndGo = async (user: string) => (await join(room, user)).ask({ type: "leave" });
      await Promise.all(crowd.slice(from, from + 30).map(comeAndGo));
    }
    const kept = [...fillers(50, MAX_REMEMBERED - 10), ...crowd];
    expect(await idsIn(room)).toEqual([...kept, "watcher"]);
    expect(await query(room, "SELECT id FROM members")).toHaveLength(MAX_REMEMBERED + 1);
    const told = deltas(await watcher.news());
    expect(told.flatMap(({ gone }) => gone)).toEqual(fillers(0, 50));
    expect(watcher.roll?.members.map(({ id }) => id)).toEqual([...kept, "watcher"]);
  });

  it("[L5.2] whoever has been gone longest is forgotten first, not whoever came first", async () => {
    const room = newRoom();
    const [early, late] = [await join(room, "early"), await join(room, "late")];
    await late.ask({ type: "leave" });
    passTime(10);
    await fill(room, MAX_REMEMBERED - 1);
    await hibernate(room);
    expect(await idsIn(room)).toContain("late");
    await early.ask({ type: "leave" });
    const ids = await idsIn(room);
    expect([ids.includes("early"), ids.includes("late")]).toEqual([true, false]);
    expect(ids).toHaveLength(MAX_REMEMBERED);
  });

  it("[L5.2] a room that was left with more than it may remember, by 0.1.0 say, is cut at its next start", async () => {
    const room = newRoom();
    await join(room, "ada");
    await fill(room, 3_000);
    await restart(room);
    expect(await idsIn(room)).toEqual(["ada", ...fillers(2_000, 3_000)]);
    const rows = await query(room, "SELECT id FROM members WHERE id <> 'ada'");
    expect(rows.map(({ id }) => id)).toEqual(fillers(2_000, 3_000));
  });

  it("[L5.2, L5.3, M3.2] one who hides leaves the list as if gone, stays in the room, and can show themselves again", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await ada.ask({ type: "update", status: "offline" });
    passTime(10);
    await fill(room, MAX_REMEMBERED);
    await hibernate(room);
    await bob.ask({ type: "update", status: "busy" });
    expect(deltas(await bob.news()).flatMap(({ gone }) => gone)).toEqual(["ada"]);
    const another = await join(room, "ada");
    expect(welcomeOf(another).self.chosen).toBe("offline");
    expect(await idsIn(room)).not.toContain("ada");
    await ada.ask({ type: "update", status: null });
    const shown = (await readRoom(room)).members.find(({ id }) => id === "ada");
    expect(shown).toMatchObject({ status: "online", connections: 2 });
  });
});

describe("a room with nobody on its list", () => {
  /** Everything that can be read about a room, except its name. */
  async function look(room: string, since = ""): Promise<unknown> {
    const answer = await askAs("reader", `/rooms/${room}${since && `?since=${since}`}`);
    const { room: _, ...body } = await answer.json<{ room: string }>();
    return { ...body, etag: answer.headers.get("ETag") };
  }
  const joinsOf = (peer: Peer) => [peer.roll?.version, peer.roll?.members.map(({ id }) => id)];

  it("[M3.3, L5.4, V4.1, V4.2] reads alike whether its last member hides or left, past the retention and after a sleep", async () => {
    const [hidden, left] = [newRoom(), newRoom()];
    const ada = await joinForLong(hidden, "ada");
    await ada.ask({ type: "update", status: "offline" });
    await join(left, "ada").then((peer) => peer.ask({ type: "leave" }));
    const { epoch, version } = await readRoom(hidden);
    passTime(86_401);
    await Promise.all([runAlarm(hidden), runAlarm(left)]);
    const nothing = { epoch: NOBODY, version: 0, online: 0, members: [], etag: `"${NOBODY}.0"` };
    for (const pause of [async () => {}, hibernate]) {
      for (const since of ["", `${epoch}.${version}`, `${epoch}.0`, `${NOBODY}.0`]) {
        const seen = await look(hidden, since);
        expect(seen).toEqual(await look(left, since));
        if (since !== `${NOBODY}.0`) expect(seen).toMatchObject(nothing);
      }
      await Promise.all([pause(hidden), pause(left)]);
    }
    // The next member begins a new epoch in both, and the hidden one is notified.
    const [bob, cleo] = [await join(hidden, "bob"), await join(left, "bob")];
    expect(joinsOf(bob)).toEqual(joinsOf(cleo));
    expect(bob.roll).toMatchObject({ version: 1, online: 1 });
    expect([NOBODY, epoch]).not.toContain(bob.roll?.epoch);
    await ada.until((frame) => frame !== "pong" && frame.type === "snapshot" && frame.online === 1);
    expect(ada.roll).toEqual(bob.roll);
    await bob.ask({ type: "update", status: "busy" });
    await ada.news();
    expect(ada.roll?.members).toMatchObject([{ id: "bob", status: "busy" }]);
    await restart(hidden);
    expect((await readRoom(hidden)).epoch).toBe(bob.roll?.epoch);
  });

  it("[M3.3, V4.2] one who shows themselves in it begins a new epoch, as if they had come", async () => {
    const room = newRoom();
    const ada = await joinForLong(room, "ada");
    await ada.ask({ type: "update", status: "offline" });
    const { epoch } = await readRoom(room);
    passTime(86_401);
    await runAlarm(room);
    ada.frames.length = 0;
    await ada.ask({ type: "update", status: null });
    await ada.until(
      (frame) => frame !== "pong" && frame.type === "snapshot" && frame.version === 1,
    );
    const shown = await readRoom(room);
    expect(shown).toMatchObject({ version: 1, members: [{ id: "ada", status: "online" }] });
    expect([NOBODY, epoch]).not.toContain(shown.epoch);
    expect(ada.roll).toMatchObject({ epoch: shown.epoch, version: 1 });
  });

  it("[R5, L5.4] has an ETag that stays, so that a room that is empty again is no news", async () => {
    const room = newRoom();
    const etag = (await askAs("reader", `/rooms/${room}`)).headers.get("ETag")!;
    await join(room, "ada").then((ada) => ada.ask({ type: "leave" }));
    passTime(86_401);
    await runAlarm(room);
    const again = await askAs("reader", `/rooms/${room}`, { "If-None-Match": etag });
    expect(again.status).toBe(304);
  });
});
