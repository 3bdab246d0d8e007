import type { StampedRoom } from "./listing.ts";

/** A call that rooms have not answered yet: to revoke sessions (SPEC B3), or to forget the user (B11). */
export interface PendingCall {
  kind: "revoke" | "forget";
  /** The session that was revoked; `null` for all of them, and for one that forgets. */
  session: string | null;
  /** The room to call; `null` for every room that is known at the time of the call. */
  room: string | null;
  /** It concerns what came before: milliseconds since 1970, by the clock of the user's object. */
  at: number;
}

/** A pending call to one room. */
export interface RoomCall extends StampedRoom {
  call: PendingCall;
}

/** Stands for `null`; neither a session's id nor a room's name is empty. */
const ANY = "";

const keyOf = ({ kind, session, room }: PendingCall) => JSON.stringify([kind, session, room]);

/**
 * The calls that rooms have not answered yet. They are stored, so that a room that does not answer is
 * called again, after a restart too. The first one creates the table.
 */
export class PendingCalls {
  readonly #sql: SqlStorage;
  /** The ones that failed last come last. */
  readonly #pending = new Map<string, PendingCall>();
  #exists: boolean;

  constructor(sql: SqlStorage, exists: boolean) {
    this.#sql = sql;
    this.#exists = exists;
    if (!this.#exists) return;
    type Row = { kind: PendingCall["kind"]; session: string; room: string; at: number };
    for (const { kind, session, room, at } of sql.exec<Row>("SELECT * FROM errands")) {
      const call = { kind, session: session || null, room: room || null, at };
      this.#pending.set(keyOf(call), call);
    }
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** When the newest was made, 0 for none. */
  get newest(): number {
    return this.all().reduce((newest, { at }) => Math.max(newest, at), 0);
  }

  all(): PendingCall[] {
    return [...this.#pending.values()];
  }

  /** Whether a call is still pending: it may be done, withdrawn or replaced by a newer one. */
  has(call: PendingCall): boolean {
    return this.#pending.get(keyOf(call))?.at === call.at;
  }

  /** Adds one, or puts one that failed behind the others; a newer one of the same kind stays. */
  add(call: PendingCall): void {
    const key = keyOf(call);
    const before = this.#pending.get(key);
    if (before && before.at > call.at) return;
    this.#pending.delete(key);
    this.#pending.set(key, call);
    if (before?.at === call.at) return;
    if (!this.#exists) {
      this.#sql.exec(
        "CREATE TABLE errands (kind TEXT, session TEXT, room TEXT, at INTEGER, PRIMARY KEY (kind, session, room)) WITHOUT ROWID",
      );
      this.#exists = true;
    }
    const { kind, session, room, at } = call;
    this.#sql.exec(
      "INSERT OR REPLACE INTO errands VALUES (?, ?, ?, ?)",
      kind,
      session ?? ANY,
      room ?? ANY,
      at,
    );
  }

  /** Removes a call that is done; a newer one of the same kind stays. */
  done(call: PendingCall): void {
    if (!this.has(call)) return;
    const { kind, session, room } = call;
    this.#pending.delete(keyOf(call));
    this.#sql.exec(
      "DELETE FROM errands WHERE kind = ? AND session = ? AND room = ?",
      kind,
      session ?? ANY,
      room ?? ANY,
    );
  }

  /** Drops the revocations that were made before `time`. */
  dropRevocations(time = Number.POSITIVE_INFINITY): void {
    for (const call of this.all()) {
      if (call.kind === "revoke" && call.at < time) this.done(call);
    }
  }

  /** Call it when the object's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#pending.clear();
  }
}
