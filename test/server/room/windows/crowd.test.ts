import { describe, expect, it, vi } from "vitest";
import { admit, admitWatcher, welcome } from "../../../../src/server/room/connections/admission.ts";
import { Connection } from "../../../../src/server/room/connections/connection.ts";
import { drop } from "../../../../src/server/room/connections/leave.ts";
import { watch } from "../../../../src/server/room/windows/watch.ts";
import { Client } from "../model-client.ts";
import { LIMITS, Model } from "../model.ts";
import { withStorage } from "../model-storage.ts";

const MEMBERS = 100;
const WATCHERS = 5_000;
const ROOMY = { ...LIMITS, maxConnectionsPerRoom: 10_000, maxConnectionsPerUser: 1_000 };

/** A storage that counts the rows that are written to it. */
function counting(storage: DurableObjectStorage): DurableObjectStorage & { written: number } {
  const counted = {
    written: 0,
    sql: {
      exec: (...query: [string]) => {
        const cursor = storage.sql.exec(...query);
        counted.written += cursor.rowsWritten;
        return cursor;
      },
    },
    deleteAll: () => storage.deleteAll(),
  };
  return counted as unknown as DurableObjectStorage & { written: number };
}

const sessionOf = (user: string, now: number) => ({
  user: { id: user },
  roles: [],
  issuedAt: now,
  expiresAt: now + 1e9,
});

/** A watcher of a user of their own, by a window or not. */
function open(model: Model, at: number, limit: number | null): Client {
  const client = new Client(`watcher-${at}`);
  model.turn((now) => {
    const session = sessionOf(client.user, now);
    expect(admitWatcher(model.room, session)).toBeNull();
    client.connection = Connection.open(model.open(client), {
      id: `connection-${at}`,
      view: limit === null ? "delta" : "window",
      ...(limit !== null && { limit }),
      watches: true,
      origin: "https://presence.example.com",
      renews: false,
      session,
      heardAt: now,
    });
    welcome(model.room, client.connection, session, null, now);
  });
  model.others.push(client);
  return client;
}

function fill(model: Model, members: number): void {
  model.turn((now) => {
    for (let at = 0; at < members; at++) {
      const session = sessionOf(`member-${at}`, now);
      // By leases, which outlive a sleep without a socket.
      const how = { leasedUntil: now + 1e9 };
      expect(admit(model.room, session, session.user.id, now, how)).toBeNull();
    }
  }, true);
}

describe("many watchers", () => {
  it("[S1.2] 5,000 come and go in a room of 100, and no row is written", { timeout: 600_000 }, () =>
    withStorage(async (real) => {
      const storage = counting(real);
      const model = new Model(storage, ROOMY);
      fill(model, MEMBERS);
      expect(storage.written).toBeGreaterThanOrEqual(MEMBERS);
      const { state } = model.roster.list;
      storage.written = 0;
      const clients = Array.from({ length: WATCHERS }, (_, at) => {
        return open(model, at, at % 2 ? null : at % 3);
      });
      vi.advanceTimersByTime(6_000);
      expect(model.room.connections.watching).toBe(WATCHERS);
      for (const { roll } of clients) expect(roll?.online).toBe(MEMBERS);
      model.sleep();
      expect(model.room.connections.watching).toBe(WATCHERS);
      model.turn((now) => {
        for (const { connection } of clients) {
          drop(model.room, connection!, "closed");
          model.roster.lose(now, connection!.ref);
        }
      }, true);
      vi.advanceTimersByTime(20_000);
      expect(storage.written).toBe(0);
      expect(model.roster.list.state).toEqual(state);
      vi.clearAllTimers();
    }),
  );

  it(
    "[S5.5, S5.4] 1,000 with 500 ids each are told of whoever comes, after a sleep too, and leave nothing",
    { timeout: 600_000 },
    () =>
      withStorage(async (storage) => {
        const model = new Model(storage, ROOMY);
        const shared = Array.from({ length: 500 }, (_, at) => `${at}`.padStart(120, "x"));
        shared[499] = "member-0";
        const clients = Array.from({ length: 1_000 }, (_, at) => open(model, at, 0));
        for (const { connection } of clients) {
          model.turn(() => watch(model.room, connection!, { type: "watch", add: shared }));
        }
        vi.advanceTimersByTime(6_000);
        for (const { roll } of clients) expect(roll!.members).toHaveLength(500);
        const one = open(model, 1_000, 0);
        model.turn(() => watch(model.room, one.connection!, { type: "watch", add: ["more"] }));
        expect(model.room.watchLists.of(one.connection!).watched.size).toBe(0);
        model.sleep();
        fill(model, 1);
        vi.advanceTimersByTime(6_000);
        for (const { roll } of clients) {
          expect(roll!.members.find(({ id }) => id === "member-0")?.status).toBe("online");
        }
        model.turn(() => {
          for (const { connection } of clients) drop(model.room, connection!, "closed");
        }, true);
        expect([...storage.sql.exec("SELECT * FROM watched")]).toEqual([]);
        expect(model.room.watchLists.isEmpty).toBe(true);
        vi.clearAllTimers();
      }),
  );
});
