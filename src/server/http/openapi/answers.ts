import * as v from "valibot";
import { statusSchema } from "../../../protocol/client-frame.ts";
import type {
  Data,
  Delta,
  Member,
  Page,
  Self,
  Snapshot,
  WatchedCounts,
} from "../../../protocol/messages.ts";
import type { ListedRoom } from "../../directory/directory-object.ts";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import type { LargeRoomStats } from "../../large/hub-object.ts";
import type { RoomStats } from "../../room/room-object.ts";
import type { UserView, Whereabouts } from "../../user/whereabouts.ts";

/** A schema of one of the service's types: if the type changes, this no longer compiles. */
type Of<Type> = v.GenericSchema<unknown, Type>;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

const member: Of<Member> = v.strictObject({
  id: v.string(),
  name: v.string(),
  image: v.exactOptional(v.string()),
  status: statusSchema,
  connections: count,
  lastOnline: v.nullable(time),
  data: v.exactOptional(v.custom<Data>(() => true)),
});

const countsEntries = {
  type: v.literal("snapshot"),
  room: v.string(),
  epoch: v.string(),
  version: count,
  online: count,
  connections: count,
};
const counts: Of<WatchedCounts> = v.strictObject({ ...countsEntries, watching: count });
const snapshot: Of<Snapshot> = v.strictObject({ ...countsEntries, members: v.array(member) });

const page: Of<Page> = v.strictObject({
  ...countsEntries,
  members: v.array(member),
  after: v.nullable(v.string()),
});

const delta: Of<Delta> = v.strictObject({
  type: v.literal("delta"),
  epoch: v.string(),
  from: count,
  version: count,
  online: count,
  connections: count,
  set: v.array(member),
  gone: v.array(v.string()),
});

const self: Of<Self> = v.strictObject({ id: v.string(), chosen: v.nullable(statusSchema) });

const lease: Of<{ lease: string; expiresAt: string; self: Self; state: Snapshot | Delta }> =
  v.strictObject({
    lease: v.string(),
    expiresAt: time,
    self,
    state: v.union([snapshot, delta]),
  });

const ticket: Of<{ ticket: string; expiresAt: string }> = v.strictObject({
  ticket: v.string(),
  expiresAt: time,
});

const rooms: Of<{ rooms: ListedRoom[]; after: string | null }> = v.strictObject({
  rooms: v.array(v.strictObject({ room: v.string(), online: count, connections: count })),
  after: v.nullable(v.string()),
});

const figures = {
  epoch: v.string(),
  version: count,
  online: count,
  connections: count,
  members: count,
  sockets: count,
  ghosts: count,
  outbox: v.strictObject({
    messages: count,
    events: count,
    oldest: v.nullable(time),
    dead: count,
  }),
};

const shard = { shard: count, of: count };
const shardStats = v.union([
  v.strictObject({ ...shard, ...figures, copy: v.nullable(count) }),
  v.strictObject({ ...shard, copy: v.null() }),
]);

const stats: Of<RoomStats | LargeRoomStats> = v.union([
  v.strictObject({ room: v.string(), ...figures }),
  v.strictObject({ room: v.string(), ...figures, shards: v.array(shardStats) }),
]);

const sight = { connections: count, lastOnline: v.nullable(time) };
const userSight = { status: v.nullable(statusSchema), ...sight };

const user: Of<{ user: string } & Whereabouts> = v.strictObject({
  user: v.string(),
  ...userSight,
  rooms: v.array(v.strictObject({ room: v.string(), status: statusSchema, ...sight })),
});

const users: Of<{ users: ({ user: string } & UserView)[] }> = v.strictObject({
  users: v.array(v.strictObject({ user: v.string(), ...userSight })),
});

const error: Of<{ error: { code: ErrorCode; message: string; requestId: string } }> =
  v.strictObject({
    error: v.strictObject({
      code: v.picklist(ERROR_CODES),
      message: v.string(),
      requestId: v.string(),
    }),
  });

const health: Of<{ ok: true }> = v.strictObject({ ok: v.literal(true) });

/** The service's answers, by their names in the document. */
export const ANSWERS = {
  Member: member,
  Counts: counts,
  Snapshot: snapshot,
  Page: page,
  Delta: delta,
  Self: self,
  Lease: lease,
  Ticket: ticket,
  Rooms: rooms,
  RoomStats: stats,
  Delivered: v.strictObject({ delivered: count }),
  Closed: v.strictObject({ closed: count }),
  Lifted: v.strictObject({ lifted: count }),
  User: user,
  Users: users,
  Error: error,
  Health: health,
};

export type AnswerName = keyof typeof ANSWERS;
