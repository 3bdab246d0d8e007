import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { inParallel } from "../platform/in-parallel.ts";
import { describeError, log } from "../log.ts";
import { currentConfig } from "../access/policy.ts";
import type { Counts } from "../room/room-object.ts";
import { roomStub } from "../room/room-stub.ts";
import { within } from "../platform/time-limit.ts";
import type {
  DirectoryObject,
  FoundRoom,
  ListedRoom,
  ListQuery,
  RoomReport,
} from "./directory-object.ts";
import { askAfterMs, leaseFor, reportWithinMs } from "./lease.ts";

/** How many rooms are asked at the same time. */
const ROOMS_AT_ONCE = 100;
/** Rooms that have not answered by then are listed as they last reported. */
const ROOMS_MS = 2_000;
/** At most 1,000 objects can be asked by one event on the platform. */
const MAX_ASKED = 800;

// WITHOUT ROWID and no index but the name: an entry is one row.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (
    room TEXT PRIMARY KEY,
    online INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

type Row = { room: string; online: number; connections: number; expires_at: number };

/** No name has a character after `~`. */
const AFTER_ALL = "\u007F";

/**
 * One partition of the list of rooms: those whose names hash to it. During a gradual deploy an old and a
 * new version call each other: add keys, never change one.
 */
export class Directory extends DurableObject<Env> implements DirectoryObject {
  readonly #sql: SqlStorage;
  /**
   * What each room last reported, and when, since this object's start. Storage has the counts of the
   * time when the lease was written; a restart loses the later ones, so the rooms are asked then.
   */
  readonly #heard = new Map<string, Counts & { at: number }>();
  /** Rooms that were asked, and have neither answered nor reported since. */
  readonly #asked = new Set<string>();
  readonly #withinMs: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(SCHEMA);
    this.#withinMs = reportWithinMs(currentConfig(env).limits.staleMs);
  }

  /**
   * Takes a report; an empty room is not listed. Writes a row if the room was not listed, or if half of
   * its lease is over (SPEC B9).
   */
  async tell({ room, online, connections, leaseMs }: RoomReport): Promise<void> {
    this.#asked.delete(room);
    if (online === 0) {
      this.#sql.exec("DELETE FROM rooms WHERE room = ?", room);
      this.#heard.delete(room);
      return;
    }
    const now = Date.now();
    this.#heard.set(room, { online, connections, at: now });
    const expiresAt = now + leaseMs;
    const [leased] = this.#sql.exec(
      "SELECT 1 FROM rooms WHERE room = ? AND expires_at > ?",
      room,
      expiresAt - leaseMs / 2,
    );
    if (leased) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?)",
      room,
      online,
      connections,
      expiresAt,
    );
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(expiresAt);
  }

  /** The selected rooms, ordered by name. */
  list({ prefix, after, limit, confirms }: ListQuery): FoundRoom[] {
    const now = Date.now();
    const rows = this.#sql.exec<Row>(
      `SELECT * FROM rooms
       WHERE room >= ? AND room < ? AND room > ? AND expires_at > ? ORDER BY room LIMIT ?`,
      prefix,
      prefix + AFTER_ALL,
      after,
      now,
      limit,
    );
    const oldest = now - askAfterMs(this.#withinMs);
    return [...rows].map((row) => {
      const heardAt = this.#heard.get(row.room)?.at ?? Number.NEGATIVE_INFINITY;
      const isOld = confirms && heardAt < oldest;
      return { ...this.#listed(row), ...(isOld && { isOld }) };
    });
  }

  /**
   * Asks rooms for their counts, and returns the occupied ones. A room that does not answer is listed as
   * it last reported, until its lease ends.
   */
  async confirm(rooms: readonly string[]): Promise<ListedRoom[]> {
    const endsAt = Date.now() + ROOMS_MS;
    await inParallel(rooms.slice(0, MAX_ASKED), ROOMS_AT_ONCE, (room) =>
      this.#ask(room, endsAt - Date.now()),
    );
    return rooms.flatMap((room) => {
      const rows = this.#sql.exec<Row>("SELECT * FROM rooms WHERE room = ?", room);
      return [...rows].map((row) => this.#listed(row));
    });
  }

  #listed(row: Row): ListedRoom {
    const { online, connections } = this.#heard.get(row.room) ?? row;
    return { room: row.room, online, connections };
  }

  async #ask(room: string, limitMs: number): Promise<void> {
    this.#asked.add(room);
    try {
      const call = async (): Promise<Counts> => roomStub(this.env, room).count();
      const { online, connections } = await within(limitMs, call);
      // A report that came meanwhile is newer.
      if (!this.#asked.has(room)) return;
      await this.tell({ room, online, connections, leaseMs: leaseFor(this.#withinMs) });
    } catch (error) {
      log("failure", { code: "room_unavailable", room, reason: describeError(error) });
    }
  }

  /** Drops entries whose lease has ended: those rooms are gone, or cannot reach this object. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#sql.exec("DELETE FROM rooms WHERE expires_at <= ?", now);
    const leaseMs = leaseFor(this.#withinMs);
    for (const [room, { at }] of this.#heard) if (at + leaseMs <= now) this.#heard.delete(room);
    const { next } = this.#sql
      .exec<{ next: number | null }>("SELECT MIN(expires_at) AS next FROM rooms")
      .one();
    if (next !== null) await this.ctx.storage.setAlarm(next);
  }
}
