import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ROOM_URL, type Untagged } from "../../../src/server/room/room-request.ts";
import { type RoomSession } from "../../../src/server/session/room-session.ts";
import { decodeAttachment } from "../../../src/server/room/connections/attachment.ts";
import { readRoom, refusal } from "../../worker-kit/http.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  roomStub,
  runAlarm,
} from "../../worker-kit/time.ts";
import { fromOldWorker } from "../../worker-kit/old-worker.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let rooms = 0;
const newRoom = () => `faults-${++rooms}`;
const INTERNAL = { code: 1011, reason: "internal" };

/** Sends the room a request of the Worker, or of an older version with other checks. */
function askDirectly(room: string, request: Partial<Untagged>): Promise<Response> {
  const asked = { requestId: "direct", ...request };
  return roomStub(room).fetch(ROOM_URL, fromOldWorker(asked));
}

function sessionOf(user: string, rest: object = {}) {
  const issuedAt = Date.now();
  return { user: { id: user }, roles: [], issuedAt, expiresAt: issuedAt + 3_600_000, ...rest };
}

/** Replaces the attachments of a user's sockets, and lets the room wake with them. */
async function attach(
  room: string,
  user: string,
  change: (attachment: object) => unknown,
): Promise<void> {
  await runInDurableObject(roomStub(room), (_room, state) => {
    for (const ws of state.getWebSockets()) {
      const attachment = decodeAttachment(ws.deserializeAttachment());
      if (attachment?.state.is !== "member" || attachment.state.session.user.id !== user) continue;
      ws.serializeAttachment(change(attachment));
    }
  });
  await hibernate(room);
}

/** A value that the room can read but never write: JSON has no such number. */
const unwritable = (attachment: object) => ({ ...attachment, extra: 1n });

/** Other members still receive changes, and the room wakes when something is due. */
async function expectGoesOn(room: string, bystander: Peer): Promise<void> {
  const before = await readRoom(room);
  await bystander.ask({ type: "update", data: { n: before.version } });
  await bystander.news();
  expect(bystander.roll).toMatchObject({ version: before.version + 1, online: before.online });
  await runAlarm(room);
  expect(await alarmOf(room)).toBeGreaterThan(Date.now());
}

const statuses = async (room: string) =>
  (await readRoom(room)).members.map(({ id, status }) => [id, status]);

it("[L6.3] a write that fails ends the room before anything tells of it, by a timer too", async () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => {});
  const room = newRoom();
  // By a clock that stands still every change is gathered, and stored by the timer.
  vi.setSystemTime(Date.now());
  const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
  await bob.news();
  await query(room, "ALTER TABLE members RENAME TO elsewhere");
  const before = bob.frames.length;
  ada.send({ type: "update", status: "busy", id: "lost" });
  await Promise.all([ada.closed, bob.closed]);
  expect(bob.frames.slice(before)).toEqual([]);
  expect(JSON.stringify(ada.frames)).not.toContain("lost");
  expect(lines.mock.calls.flat().join("\n")).toContain('"event":"failure"');
  await query(room, "ALTER TABLE elsewhere RENAME TO members");
  await restart(room);
  expect((await readRoom(room)).members.map(({ id, status }) => [id, status])).toEqual([
    ["ada", "online"],
    ["bob", "online"],
  ]);
});

/** The 400 days that a session lasts at most, and a moment for the test. */
const longest = () => Date.now() + 400 * 86_400_000 + 5_000;
const list = (length: number) => Array.from({ length }, (_, n) => `room-${n}`);

describe("a session that a Worker of an older version let in", () => {
  it.each<[string, object, [number, string] | "in"]>([
    ["ends when no date can be", { expiresAt: 1e300 }, "in"],
    ["ends in seconds for milliseconds", { expiresAt: 9_999_999_999_999_000 }, "in"],
    ["ends never", { expiresAt: null }, "in"],
    ["ends at a word", { expiresAt: "never" }, [401, "session_invalid"]],
    ["was issued at no time", { issuedAt: null }, "in"],
    ["was issued in the far future", { issuedAt: 1e306 }, "in"],
    ["has no roles", { roles: undefined }, "in"],
    ["has a number for an id", { user: { id: 7 } }, "in"],
    ["has a name of another kind", { user: { id: "ada", name: { first: "Ada" } } }, "in"],
    ["is nobody's", { user: {} }, [401, "session_invalid"]],
    ["has a long id", { id: "x".repeat(20_000) }, [401, "session_invalid"]],
    ["admits to 450 rooms", { rooms: list(450) }, [401, "session_invalid"]],
  ])("[A2.1, L6.4] one that %s harms nobody", async (_what, rest, expected) => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const joiner = sessionOf("ada", rest) as RoomSession;
    const lease = { token: "t", connection: "c", isNew: true, update: { status: "busy" as const } };
    const socket = await askDirectly(room, { joiner });
    const answer = await askDirectly(room, { joiner, lease });
    if (expected === "in") {
      const peer = new Peer(socket.webSocket!);
      const { expiresAt } = await peer.untilType("welcome");
      expect(Date.parse(expiresAt!)).toBeLessThan(longest());
      expect(await answer.json()).toMatchObject({ lease: "t", self: { chosen: "busy" } });
      await peer.ask({ type: "update", data: { n: 1 } });
    } else {
      expect(await refusal(socket)).toEqual(expected);
      expect(await refusal(answer)).toEqual(expected);
      expect(await statuses(room)).toEqual([["bob", "online"]]);
    }
    await expectGoesOn(room, bob);
    await restart(room);
    expect(await statuses(room)).toContainEqual(["bob", "online"]);
  });
});

describe("a fault in what one person does", () => {
  it.each([
    ["a connection", {}],
    ["a lease", { lease: { token: "t", connection: "c", isNew: true, update: {} } }],
  ])("[L6.4, A5.2] refuses %s whose ticket cannot be stored", async (_what, how) => {
    const room = newRoom();
    const bob = await join(room, "bob");
    const ticket = (id: string) => ({ id, expiresAt: Date.now() + 60_000 });
    const joiner = sessionOf("ada");
    const { webSocket } = await askDirectly(room, { joiner, ticket: ticket("1") });
    await new Peer(webSocket!).untilType("snapshot");
    await query(room, "DROP TABLE tickets");
    const other = sessionOf("cleo");
    const answer = await askDirectly(room, { joiner: other, ticket: ticket("2"), ...how });
    expect(await refusal(answer)).toEqual([500, "internal"]);
    expect((await statuses(room)).at(-1)).toEqual(["cleo", "offline"]);
    await expectGoesOn(room, bob);
    await restart(room);
    expect((await statuses(room)).map(([id]) => id)).toEqual(["ada", "bob", "cleo"]);
  });

  it("[L4.4, L6.4] closes the connection whose frame it is, with a grace, and no other", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await attach(room, "ada", unwritable);
    await bob.news();
    const before = await readRoom(room);
    ada.send("no frame");
    expect(await ada.closed).toEqual(INTERNAL);
    expect(await readRoom(room)).toEqual(before);
    await join(room, "ada");
    expect(await bob.news()).toEqual([]);
    await expectGoesOn(room, bob);
  });

  it("[T3.4, L6.4] closes the connection whose sign-in it is, and nobody half signed in stays", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await attach(room, "ada", unwritable);
    ada.send({ type: "auth", token: await signIn("cleo") });
    expect(await ada.closed).toEqual(INTERNAL);
    await passTimeWithAlarms(room, 11);
    expect(await statuses(room)).toEqual([
      ["ada", "offline"],
      ["bob", "online"],
      ["cleo", "offline"],
    ]);
    await expectGoesOn(room, bob);
  });

  it("[L6.4] lets the room wake: a socket that carries what it cannot read is closed", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    await attach(room, "ada", () => "{}");
    await bob.ask({ type: "update", status: "busy" });
    expect(await ada.closed).toEqual(INTERNAL);
    await passTimeWithAlarms(room, 11);
    expect(await statuses(room)).toEqual([
      ["ada", "offline"],
      ["bob", "busy"],
    ]);
    await expectGoesOn(room, bob);
  });

  it("[L3.1, L7.4] does not keep the alarm from the others, who are probed and removed as before", async () => {
    const room = newRoom();
    const [ada, bob] = [await join(room, "ada"), await join(room, "bob")];
    const cleo = await join(room, "cleo");
    await attach(room, "ada", unwritable);
    await passTimeWithAlarms(room, 39);
    expect(await ada.closed).toEqual(INTERNAL);
    await cleo.untilType("probe");
    await bob.ask({ type: "idle", idle: false });
    await passTimeWithAlarms(room, 11);
    expect(await cleo.closed).toEqual({ code: 4408, reason: "stale" });
    expect(await statuses(room)).toEqual([
      ["ada", "offline"],
      ["bob", "online"],
      ["cleo", "offline"],
    ]);
    await expectGoesOn(room, bob);
  });

  it("[T4.1, L7.4] does not keep the alarm from telling others that their session ends", async () => {
    const room = newRoom();
    const exp = Math.floor(Date.now() / 1000) + 300;
    const [ada, bob] = await Promise.all(
      ["ada", "bob"].map(async (id) => join(room, id, { token: await signIn(id, { exp }) })),
    );
    await attach(room, "ada", unwritable);
    vi.setSystemTime((exp - 60) * 1000);
    await runAlarm(room);
    expect(await ada!.closed).toEqual(INTERNAL);
    await bob!.untilType("expiring");
    passTime(1);
    await expectGoesOn(room, bob!);
  });
});
