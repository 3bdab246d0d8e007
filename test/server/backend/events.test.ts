import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Sequence } from "../../../src/server/room/storage/sequence.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { askBackend } from "../../worker-kit/backend.ts";
import { readRoom, refusal } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { join, type Frame, type Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTime, query, restart, runAlarm, tablesOf } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `events-${++rooms}`;

async function send(room: string, body: unknown): Promise<number> {
  const answer = await askBackend("POST", `/rooms/${room}/events`, body);
  expect(answer.status).toBe(200);
  const { delivered, ...rest } = await answer.json<{ delivered: number }>();
  expect(rest).toEqual({});
  return delivered;
}

const eventsOf = (frames: readonly Frame[]) =>
  frames.filter((frame) => frame !== "pong" && frame.type === "event");
const namesHeard = async (peer: Peer) => eventsOf(await peer.news()).map(({ name }) => name);
const numberOf = (id: string) => Number(id.split(".")[1]);

describe("events", () => {
  it("[B1.1, B1.2] reach everybody, or users and roles, and are counted by connection", async () => {
    const room = newRoom();
    const staff = { token: await signIn("cleo", { roles: ["staff", "ops"] }) };
    const [ada, adaToo, bob, cleo] = await Promise.all([
      join(room, "ada"),
      join(room, "ada", { query: "?view=snapshot" }),
      join(room, "bob"),
      join(room, "cleo", staff),
    ]);
    await hold(room, "dora");
    const data = { text: "ünïcode", list: [1, null] };
    expect(await send(room, { name: "all", data })).toBe(4);
    expect(await send(room, { name: "ada", data, to: { users: ["ada", "absent"] } })).toBe(2);
    expect(await send(room, { name: "ops", data, to: { roles: ["ops"] } })).toBe(1);
    const both = { users: ["bob", "cleo"], roles: ["staff"] };
    expect(await send(room, { name: "both", data, to: both })).toBe(2);
    expect(await send(room, { name: "none", data, to: { users: [] } })).toBe(0);
    expect(await send(room, { name: "dora", data, to: { users: ["dora"] } })).toBe(0);
    expect(await send(newRoom(), { name: "nobody", data })).toBe(0);
    const [event] = eventsOf(ada.frames.concat(await ada.news()));
    expect(event).toEqual({ type: "event", id: expect.any(String), name: "all", data });
    ada.frames.length = 0;
    expect(await namesHeard(adaToo)).toEqual(["all", "ada"]);
    expect(await namesHeard(bob)).toEqual(["all", "both"]);
    expect(await namesHeard(cleo)).toEqual(["all", "ops", "both"]);
  });

  it("[B1.3] come in one order to all, with ids that grow, in a hibernating and a restarted room too", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => send(room, { name: String(n), data: n })),
    );
    await hibernate(room);
    expect(await send(room, { name: "woken", data: null })).toBe(2);
    const heard = eventsOf(await ada.news());
    expect(eventsOf(await bob.news())).toEqual(heard);
    expect(heard).toHaveLength(51);
    await restart(room);
    const again = await join(room, "ada");
    await send(room, { name: "restarted", data: false });
    heard.push(...eventsOf(await again.news()));
    const { epoch } = await readRoom(room);
    const numbers = heard.map(({ id }) => numberOf(id));
    expect(heard.map(({ id }) => id)).toEqual(numbers.map((number) => `${epoch}.${number}`));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it("[B1.3] the numbers of ids only grow, whatever is lost at a restart", () => {
    const restarts = fc.array(fc.nat(2_500), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(restarts, (takenInEachLife) => {
        let stored = 0;
        const numbers: number[] = [];
        for (const taken of takenInEachLife) {
          const sequence = new Sequence(stored, (below) => void (stored = below));
          for (let n = 0; n < taken; n++) {
            const next = sequence.next();
            numbers.push(next);
            // What was handed out is stored as taken.
            if (next > stored) throw new Error(`${next} is above ${stored}`);
          }
        }
        expect(numbers.every((number, at) => at === 0 || number > numbers[at - 1]!)).toBe(true);
      }),
    );
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["a list", []],
    ["no name", { data: 1 }],
    ["an empty name", { name: "", data: 1 }],
    ["no data", { name: "x" }],
    ["a long name", { name: "x".repeat(129), data: 1 }],
    ["to nobody in particular", { name: "x", data: 1, to: {} }],
    ["to a text", { name: "x", data: 1, to: "ada" }],
    ["to users of another kind", { name: "x", data: 1, to: { users: [7] } }],
    ["roles that are no list", { name: "x", data: 1, to: { users: [], roles: "staff" } }],
  ])("[B1.2, B1.5, A5.2] %s is 400", async (_what, body) => {
    const answer = await askBackend("POST", `/rooms/${newRoom()}/events`, body);
    expect(await refusal(answer)).toEqual([400, "bad_request"]);
  });

  it("[B1.5, A5.2] more than 4 KiB of name and data, or 16 KiB in all, is 413, and the limit passes", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const post = (body: unknown) => askBackend("POST", `/rooms/${room}/events`, body);
    const fits = "é".repeat((4096 - '{"name":"x","data":""}'.length) / 2);
    expect((await post({ name: "x", data: fits })).status).toBe(200);
    expect(await refusal(await post({ name: "xy", data: fits }))).toEqual([413, "too_large"]);
    const users = Array.from({ length: 3_000 }, (_, n) => `user-${n}`);
    const long = await post({ name: "x", data: 1, to: { users } });
    expect(await refusal(long)).toEqual([413, "too_large"]);
    expect(await namesHeard(ada)).toEqual(["x"]);
  });

  it("[B1.1] reach who has just joined a room that was emptied a moment ago", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "leave" });
    // From here on the clock stands still: what changes is gathered, and not stored at once.
    passTime(2 * 86_400);
    await runAlarm(room);
    await eventually(async () => expect(await tablesOf(room)).toEqual([]));
    const [bob] = await Promise.all([
      join(room, "bob"),
      eventually(async () => expect(await send(room, { name: "early", data: 1 })).toBe(1)),
    ]);
    const [event] = eventsOf(bob.frames.concat(await bob.news()));
    expect(event).toMatchObject({ id: `${(await readRoom(room)).epoch}.1`, name: "early" });
    await bob.ask({ type: "update", status: "busy" });
    await restart(room);
    expect((await readRoom(room)).members).toMatchObject([{ id: "bob", status: "busy" }]);
  });

  it("[B1.3, L6.4] that cannot be numbered are refused, and cut nobody", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await query(room, "ALTER TABLE room RENAME TO elsewhere");
    const event = { name: "x", data: 1 };
    const answer = await askBackend("POST", `/rooms/${room}/events`, event);
    expect(await refusal(answer)).toEqual([503, "room_unavailable"]);
    await query(room, "ALTER TABLE elsewhere RENAME TO room");
    expect(await send(room, event)).toBe(1);
    expect(await namesHeard(ada)).toEqual(["x"]);
  });

  it("[B1.3, M3.2] are numbered from 1 in the epoch that begins while somebody hides", async () => {
    const room = newRoom();
    const token = await signIn("ada", { exp: Math.floor(Date.now() / 1000) + 10 * 86_400 });
    const ada = await join(room, "ada", { token });
    await ada.ask({ type: "update", status: "offline" });
    const { epoch } = await readRoom(room);
    passTime(86_401);
    await runAlarm(room);
    await send(room, { name: "alone", data: 1 });
    const bob = await join(room, "bob");
    await send(room, { name: "together", data: 1 });
    const [alone, together] = eventsOf(ada.frames.concat(await ada.news()));
    expect(alone).toMatchObject({ id: `${epoch}.1`, name: "alone" });
    expect(together).toMatchObject({ id: `${bob.roll!.epoch}.1`, name: "together" });
    await hibernate(room);
    await send(room, { name: "woken", data: 1 });
    const [woken] = eventsOf(await bob.news()).slice(-1);
    expect(woken?.id.split(".")[0]).toBe(bob.roll!.epoch);
    expect(numberOf(woken!.id)).toBeGreaterThan(1);
  });

  it("[B1.4] to a room that nobody is in store nothing", async () => {
    const room = newRoom();
    await send(room, { name: "x", data: 1 });
    expect(await query(room, "SELECT name FROM sqlite_master")).toEqual([]);
  });
});
