import { DurableObject } from "cloudflare:workers";
import type { Env } from "../config.ts";

/** A room that somebody is in, and how many (SPEC B9). */
export interface ListedRoom {
  room: string;
  online: number;
  connections: number;
}

/** What a room tells of itself; it is listed no longer than its lease, unless it tells again. */
export interface Told extends ListedRoom {
  leaseMs: number;
}

/** Which rooms are asked for: names that begin with `prefix`, and come after `after`. */
export interface ListQuery {
  prefix: string;
  after: string;
  limit: number;
}

// WITHOUT ROWID and no index but the name: one row written for each room that tells.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rooms (
    room TEXT PRIMARY KEY,
    online INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/** No name has a character that comes after `~`. */
const AFTER_ALL = "\u007F";

/**
 * A share of the list of rooms, those whose names hash to it. During a gradual deploy an old and a
 * new version talk to each other: add keys, never change one.
 */
export class Directory extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(SCHEMA);
  }

  /** Takes over what a room tells; a room that nobody is in is not listed. */
  async tell({ room, online, connections, leaseMs }: Told): Promise<void> {
    if (online === 0) {
      this.#sql.exec("DELETE FROM rooms WHERE room = ?", room);
      return;
    }
    const expiresAt = Date.now() + leaseMs;
    // To renew a lease that has hardly begun is not worth a row.
    const [same] = this.#sql.exec(
      "SELECT 1 FROM rooms WHERE room = ? AND online = ? AND connections = ? AND expires_at > ?",
      room,
      online,
      connections,
      expiresAt - leaseMs / 2,
    );
    if (same) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?)",
      room,
      online,
      connections,
      expiresAt,
    );
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(expiresAt);
  }

  /** The rooms asked for, ordered by name. */
  list({ prefix, after, limit }: ListQuery): ListedRoom[] {
    const rows = this.#sql.exec<{ room: string; online: number; connections: number }>(
      `SELECT room, online, connections FROM rooms
       WHERE room >= ? AND room < ? AND room > ? AND expires_at > ? ORDER BY room LIMIT ?`,
      prefix,
      prefix + AFTER_ALL,
      after,
      Date.now(),
      limit,
    );
    return [...rows];
  }

  /** Drops what was not told again: the rooms concerned are no longer, or cannot reach this object. */
  override async alarm(): Promise<void> {
    this.#sql.exec("DELETE FROM rooms WHERE expires_at <= ?", Date.now());
    const { next } = this.#sql
      .exec<{ next: number | null }>("SELECT MIN(expires_at) AS next FROM rooms")
      .one();
    if (next !== null) await this.ctx.storage.setAlarm(next);
  }
}
