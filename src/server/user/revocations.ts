import { isRevoked, type Revocation, type SessionMark } from "./revocation.ts";

/** As long as browsers keep a cookie at most: no session is good for longer. */
export const KEPT_MS = 400 * 86_400_000;

/** Stands for all sessions where a session's id would; no id is empty. */
const ALL = "";

interface Entry {
  at: number;
  /** Whether every room has been told. */
  isTold: boolean;
}

/** The sessions of a user that were revoked (SPEC B3). The table is made with the first. */
export class Revocations {
  readonly #sql: SqlStorage;
  readonly #entries = new Map<string, Entry>();
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const found = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'revocations'");
    this.#exists = [...found].length > 0;
    if (!this.#exists) return;
    type Row = { session: string; at: number; told: number };
    for (const { session, at, told } of sql.exec<Row>("SELECT * FROM revocations")) {
      this.#entries.set(session, { at, isTold: told === 1 });
    }
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** When the newest was, 0 for none. */
  get newest(): number {
    return Math.max(0, ...[...this.#entries.values()].map(({ at }) => at));
  }

  /** When the first can be forgotten; `Infinity` for none. */
  get dueAt(): number {
    const oldest = Math.min(...[...this.#entries.values()].map(({ at }) => at));
    return oldest + KEPT_MS;
  }

  has(mark: SessionMark): boolean {
    const one = mark.id === undefined ? undefined : this.#entries.get(mark.id);
    const all = this.#entries.get(ALL);
    return one !== undefined || (all !== undefined && isRevoked(mark, { session: null, ...all }));
  }

  add({ session, at }: Revocation): void {
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE revocations (session TEXT PRIMARY KEY, at INTEGER, told INTEGER) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    const key = session ?? ALL;
    this.#sql.exec("INSERT OR REPLACE INTO revocations VALUES (?, ?, 0)", key, at);
    this.#entries.set(key, { at, isTold: false });
  }

  /** Those that not every room was told of. */
  untold(): Revocation[] {
    return [...this.#entries]
      .filter(([, { isTold }]) => !isTold)
      .map(([key, { at }]) => ({ session: key === ALL ? null : key, at }));
  }

  /** Notes that every room was told of one; a newer one of the same session is another. */
  noteTold({ session, at }: Revocation): void {
    const key = session ?? ALL;
    const entry = this.#entries.get(key);
    if (entry?.at !== at) return;
    entry.isTold = true;
    this.#sql.exec("UPDATE revocations SET told = 1 WHERE session = ?", key);
  }

  /** Takes all of them back; answers how many. */
  lift(): number {
    const count = this.#entries.size;
    if (count > 0) this.#sql.exec("DELETE FROM revocations");
    this.#entries.clear();
    return count;
  }

  /** Forgets those that no session outlives. */
  forget(now: number): void {
    if (now < this.dueAt) return;
    this.#sql.exec("DELETE FROM revocations WHERE at <= ?", now - KEPT_MS);
    for (const [key, { at }] of this.#entries) if (at <= now - KEPT_MS) this.#entries.delete(key);
  }

  /** To be called when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#entries.clear();
  }
}
