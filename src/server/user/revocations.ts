import { isRevoked, type Revocation, type SessionMark } from "./revocation.ts";

/** The longest that browsers keep a cookie: no session is valid for longer. */
export const KEPT_MS = 400 * 86_400_000;

/** Stands for all sessions in place of a session's id; no id is empty. */
const ALL = "";

/** The revocations of a user (SPEC B3). The first one creates the table. */
export class Revocations {
  readonly #sql: SqlStorage;
  /** The time of each, by session. */
  readonly #entries = new Map<string, number>();
  readonly #untold: Revocation[] = [];
  #exists: boolean;

  constructor(sql: SqlStorage, exists: boolean) {
    this.#sql = sql;
    this.#exists = exists;
    if (!this.#exists) return;
    type Row = { session: string; at: number; told: number };
    for (const { session, at, told } of sql.exec<Row>("SELECT * FROM revocations")) {
      this.#entries.set(session, at);
      if (told === 0) this.#untold.push({ session: session === ALL ? null : session, at });
    }
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** When the newest was, 0 for none. */
  get newest(): number {
    return [...this.#entries.values()].reduce((newest, at) => Math.max(newest, at), 0);
  }

  /** When the first can be forgotten; `Infinity` for none. */
  get dueAt(): number {
    const never = Number.POSITIVE_INFINITY;
    return (
      [...this.#entries.values()].reduce((oldest, at) => Math.min(oldest, at), never) + KEPT_MS
    );
  }

  has(mark: SessionMark): boolean {
    const one = mark.id === undefined ? undefined : this.#entries.get(mark.id);
    const all = this.#entries.get(ALL);
    return one !== undefined || (all !== undefined && isRevoked(mark, { session: null, at: all }));
  }

  add({ session, at }: Revocation): void {
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE revocations (session TEXT PRIMARY KEY, at INTEGER, told INTEGER) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    const key = session ?? ALL;
    this.#sql.exec("INSERT OR REPLACE INTO revocations VALUES (?, ?, 1)", key, at);
    this.#entries.set(key, at);
  }

  /** Hands over those that 0.1.0 had not yet sent to the rooms: they are pending calls now. */
  takeUntold(): Revocation[] {
    if (this.#untold.length > 0) this.#sql.exec("UPDATE revocations SET told = 1");
    return this.#untold.splice(0);
  }

  /** Withdraws all of them; returns how many. */
  lift(): number {
    const count = this.#entries.size;
    if (count > 0) this.#sql.exec("DELETE FROM revocations");
    this.#entries.clear();
    return count;
  }

  /** Removes those that are older than any valid session. */
  forget(now: number): void {
    if (now < this.dueAt) return;
    this.#sql.exec("DELETE FROM revocations WHERE at <= ?", now - KEPT_MS);
    for (const [key, at] of this.#entries) if (at <= now - KEPT_MS) this.#entries.delete(key);
  }

  /** Call it when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#entries.clear();
  }
}
