import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { decodeAttachment } from "../../../src/server/room/connections/attachment.ts";
import { partitionOf } from "../../../src/server/directory/partitions.ts";
import { eventually, until } from "../../worker-kit/eventually.ts";
import { evict } from "../../worker-kit/evict.ts";
import { askBackend, userStub, whereIs } from "../../worker-kit/backend.ts";
import { refusal } from "../../worker-kit/http.ts";
import { Peer, tryJoin, welcomeOf } from "../../worker-kit/peer.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { passTimeWithAlarms, roomStub } from "../../worker-kit/time.ts";
import saved from "./fixtures/state-0.1.0.json" with { type: "json" };

// The saved state was made by 0.1.0: two tabs, a lease, a place in its grace period, one who left,
// one who appears offline, an idle one, one who came by a ticket, one whose session was revoked, an
// event.
/** The state left by an object of 0.1.0: its tables, its alarm, and its sockets' attachments. */
interface SavedObject {
  alarm: number | null;
  tables: { create: string; name: string; rows: unknown[][] }[];
  attachments: { id: string; state: unknown }[];
}

const ROOM = saved.shown.room;
const room = saved.room as SavedObject;

/** Restores an object's saved storage, and starts the object from it. */
async function restore(
  stub: DurableObjectStub<undefined>,
  { alarm, tables }: Pick<SavedObject, "alarm" | "tables">,
): Promise<void> {
  await runInDurableObject(stub, async (_object, { storage }) => {
    await storage.deleteAll();
    for (const { create, name, rows } of tables) {
      storage.sql.exec(create);
      for (const row of rows) {
        storage.sql.exec(`INSERT INTO ${name} VALUES (${row.map(() => "?").join()})`, ...row);
      }
    }
    // Whatever it was set for is due: the tests run it themselves.
    if (alarm !== null) await storage.setAlarm(Date.now() + 3_600_000);
  });
  await evict(stub);
}

const restoreRoom = () => restore(roomStub(ROOM), room);

/** Does the same with a room whose sockets survive; returns them by connection id. */
async function restoreWithSockets(): Promise<Map<string, Peer>> {
  const opened = await Promise.all(room.attachments.map(() => tryJoin(ROOM, crypto.randomUUID())));
  const peers = opened.map(({ webSocket }) => new Peer(webSocket!));
  const knowAll = () => peers.every(({ roll }) => roll?.online === peers.length);
  await until(knowAll);
  const ids = await runInDurableObject(roomStub(ROOM), (_room, state) =>
    state.getWebSockets().map((socket, index) => {
      const before = decodeAttachment(socket.deserializeAttachment())!.id;
      socket.serializeAttachment(room.attachments[index]);
      return [before, room.attachments[index]!.id] as const;
    }),
  );
  await restoreRoom();
  const byId = new Map(peers.map((peer) => [welcomeOf(peer).connection, peer]));
  for (const peer of peers) peer.roll = saved.shown as Snapshot;
  return new Map(ids.map(([before, id]) => [id, byId.get(before)!]));
}

const readSaved = async () => (await askBackend("GET", `/rooms/${ROOM}`)).json<Snapshot>();
const statuses = ({ members }: Snapshot) =>
  Object.fromEntries(members.map(({ id, status }) => [id, status]));

let receiver: Receiver;

beforeEach(() => {
  receiver = new Receiver();
  vi.setSystemTime(saved.madeAt + 1_000);
});
afterEach(async () => {
  await reset();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("[L6.1, V3] a room opens what 0.1.0 stored, in the same epoch and version", async () => {
  await restoreRoom();
  expect(await readSaved()).toEqual(saved.shown);
});

it("[L6.1, P1.7] after a restart its members have their grace, and its leases their time", async () => {
  await restoreRoom();
  // The next event starts the room.
  await readSaved();
  await passTimeWithAlarms(ROOM, 11);
  expect(statuses(await readSaved())).toMatchObject({ ada: "offline", bob: "away" });
  await passTimeWithAlarms(ROOM, 45);
  expect(statuses(await readSaved())).toMatchObject({ ada: "offline", bob: "offline" });
});

it("[W5] sockets that 0.1.0 opened live on: they are heard and told", async () => {
  const peers = await restoreWithSockets();
  const of = (user: string) => {
    const { id } = room.attachments.find(({ state }) => JSON.stringify(state).includes(user))!;
    return peers.get(id)!;
  };
  await of('"finn"').ask({ type: "update", status: "busy" });
  await eventually(() =>
    expect(of('"gil"').roll?.members.find(({ id }) => id === "finn")?.status).toBe("busy"),
  );
  await passTimeWithAlarms(ROOM, 11);
  expect(statuses(await readSaved())).toMatchObject({ ada: "busy", finn: "busy", gil: "online" });
});

it("[M3.1] whoever appeared offline still does, and still appears so to nobody but themselves", async () => {
  await restoreRoom();
  const eve = await tryJoin(ROOM, "eve");
  const peer = new Peer(eve.webSocket!);
  expect((await peer.untilType("welcome")).self).toEqual({ id: "eve", chosen: "offline" });
  expect(statuses(await readSaved())).toMatchObject({ eve: "offline" });
});

it("[H3.3] the outbox that 0.1.0 left is delivered, each event once and in order", async () => {
  await restoreRoom();
  vi.setSystemTime(saved.madeAt + 60_000);
  await readSaved();
  await passTimeWithAlarms(ROOM, 3_600);
  await eventually(() => {
    const sequences = receiver.events(ROOM).map(({ data }) => data.sequence);
    expect(sequences.slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  });
});

it("[B3.2, B4.4] a user's object opens what 0.1.0 stored: rooms and revocations", async () => {
  await restoreRoom();
  for (const [user, object] of Object.entries(saved.users)) {
    await restore(userStub(user), object);
  }
  expect(await whereIs("ada")).toMatchObject(saved.whereabouts.ada);
  expect(await whereIs("dora")).toMatchObject(saved.whereabouts.dora);
  const token = await signIn("hal", { sid: "s-hal" });
  expect(await refusal(await tryJoin(ROOM, "hal", { token }))).toEqual([401, "session_revoked"]);
});

it("[B9.2, B9.5] the list of rooms opens what 0.1.0 stored, and asks the room for its counts", async () => {
  const partition = env.DIRECTORY!.getByName(partitionOf(ROOM));
  await restoreRoom();
  await restore(partition, saved.directory);
  const answer = await askBackend("GET", "/rooms");
  const { online, connections } = saved.shown;
  expect(await answer.json()).toMatchObject({ rooms: [{ room: ROOM, online, connections }] });
});
