import type { EventContent, WebhookEvent } from "../../../protocol/webhook-message.ts";
import { hasTable } from "../../platform/has-table.ts";
import { decideRetry, GIVE_UP_MS } from "./retry.ts";

const MAX_EVENTS_IN_MESSAGE = 100;
/** Bounds the storage of a busy room whose receiver is down. */
const MAX_MESSAGES = 1_000;

// `body` is null once delivered. The newest row stays, since it has the last sequence number.
const SCHEMA = `
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    last INTEGER NOT NULL,
    events INTEGER NOT NULL,
    body TEXT,
    written_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    due_at INTEGER NOT NULL
  );
`;

type Row = {
  id: number;
  epoch: string;
  last: number;
  events: number;
  body: string | null;
  written_at: number;
  failures: number;
  due_at: number;
};

/** The room and version that an event belongs to. */
export interface EventOrigin {
  room: string;
  epoch: string;
  version: number;
  /** The number of the shard of a large room. */
  shard?: number;
}

/** A message to send; its id and body are the same at each attempt. */
export interface Message {
  row: number;
  id: string;
  body: string;
  /** The number of failed attempts so far. */
  failures: number;
  writtenAt: number;
}

/** Messages that were dropped undelivered. */
export interface Dead {
  messages: number;
  /** The sequence of the last event among them. */
  last: number;
}

export interface OutboxStats {
  messages: number;
  events: number;
  /** When the oldest was written, in milliseconds since 1970; `null` for none. */
  oldestAt: number | null;
}

/** Drops a room's outbox, if webhooks are no longer configured. */
export function dropOutbox(storage: DurableObjectStorage): void {
  if (hasTable(storage.sql, "outbox")) storage.sql.exec("DROP TABLE outbox");
}

/**
 * The webhook messages that a room has still to send, in order (SPEC H3). Events that happen during a
 * request are gathered in the last message. A message that was sent once never changes, so that
 * every attempt is the same.
 */
export class Outbox {
  readonly #storage: DurableObjectStorage;
  #exists: boolean;
  /** The newest row. */
  #tail: Pick<Row, "id" | "epoch" | "last"> & { isDelivered: boolean };
  /** The events of the newest row, while more may join them. */
  #open: WebhookEvent[] | null = null;
  #length = 0;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#exists = hasTable(storage.sql, "outbox");
    this.#tail = { id: 0, epoch: "", last: 0, isDelivered: true };
    if (!this.#exists) return;
    const [newest] = storage.sql.exec<Row>("SELECT * FROM outbox ORDER BY id DESC LIMIT 1");
    if (newest) {
      const { id, epoch, last, body } = newest;
      this.#tail = { id, epoch, last, isDelivered: body === null };
    }
    this.#length = this.stats().messages;
    this.#lookAtHead();
  }

  /** Whether anything is stored, if only the last sequence number. */
  get isStored(): boolean {
    return this.#exists;
  }

  /** Whether all is delivered or dead. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** When the first message is due, in milliseconds since 1970; `Infinity` for none. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Adds events. Call it in the commit that writes the members, with no await in between. */
  append(happened: readonly EventContent[], origin: EventOrigin, now: number): Dead | null {
    if (happened.length === 0) return null;
    if (!this.#exists) this.#storage.sql.exec(SCHEMA);
    this.#exists = true;
    const isNewEpoch = this.#tail.epoch !== origin.epoch;
    let sequence = isNewEpoch ? 0 : this.#tail.last;
    if (isNewEpoch) this.#open = null;
    const timestamp = new Date(now).toISOString();
    const events = happened.map(({ type, ...rest }) => {
      return { type, timestamp, data: { ...origin, sequence: ++sequence, ...rest } };
    });
    while (events.length > 0) {
      const open = this.#open;
      const free = MAX_EVENTS_IN_MESSAGE - (open?.length ?? 0);
      if (open && free > 0) {
        open.push(...events.splice(0, free));
        this.#rewrite(open);
      } else this.#insert(events.splice(0, MAX_EVENTS_IN_MESSAGE), origin.epoch, now);
    }
    const dead = this.#length > MAX_MESSAGES ? this.#drop(this.#length - MAX_MESSAGES) : null;
    this.#lookAtHead();
    return dead;
  }

  /** The message to send now, if there is one; no event is added to it any more. */
  take(now: number): Message | null {
    if (this.#dueAt > now) return null;
    const head = this.#head();
    if (!head) return null;
    if (head.id === this.#tail.id) this.#open = null;
    return {
      row: head.id,
      id: `msg_${head.epoch}_${head.last - head.events + 1}`,
      body: head.body!,
      failures: head.failures,
      writtenAt: head.written_at,
    };
  }

  /** Removes a delivered message. */
  settle({ row }: Message): void {
    // It may have been dropped meanwhile, to keep the outbox bounded.
    if (this.#head()?.id !== row) return;
    this.#remove(row);
    this.#lookAtHead();
  }

  /** Reschedules a failed message, or drops all that were tried for too long (SPEC H6). */
  fail({ row, writtenAt, failures }: Message, now: number, random: number): Dead | null {
    if (this.#head()?.id !== row) return null;
    const decision = decideRetry(writtenAt, failures + 1, now, random);
    let dead: Dead | null = null;
    let at = now;
    if (decision.kind === "retry") at = decision.at;
    else {
      const old = this.#storage.sql.exec<{ count: number }>(
        "SELECT COUNT(*) AS count FROM outbox WHERE body IS NOT NULL AND written_at <= ?",
        now - GIVE_UP_MS,
      );
      dead = this.#drop(old.one().count);
      const next = this.#head();
      const nextDecision = next && decideRetry(next.written_at, failures + 1, now, random);
      if (nextDecision?.kind === "retry") at = nextDecision.at;
    }
    this.#putOff(failures + 1, at);
    this.#lookAtHead();
    return dead;
  }

  stats(): OutboxStats {
    if (!this.#exists) return { messages: 0, events: 0, oldestAt: null };
    const found = this.#storage.sql.exec<{ messages: number; events: number; oldestAt: number }>(
      `SELECT COUNT(*) AS messages, COALESCE(SUM(events), 0) AS events, MIN(written_at) AS oldestAt
       FROM outbox WHERE body IS NOT NULL`,
    );
    return found.one();
  }

  /** Call it after the room's storage was deleted. */
  clear(): void {
    this.#exists = false;
    this.#tail = { id: 0, epoch: "", last: 0, isDelivered: true };
    this.#open = null;
    this.#length = 0;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #head(): Row | undefined {
    const { sql } = this.#storage;
    return [...sql.exec<Row>("SELECT * FROM outbox WHERE body IS NOT NULL ORDER BY id LIMIT 1")][0];
  }

  #lookAtHead(): void {
    this.#dueAt = this.#head()?.due_at ?? Number.POSITIVE_INFINITY;
  }

  /** Overwrites the newest row if that was delivered: one row written, not two. */
  #insert(events: WebhookEvent[], epoch: string, now: number): void {
    const id = this.#tail.isDelivered ? this.#tail.id : this.#tail.id + 1;
    const { sequence: last } = events.at(-1)!.data;
    this.#storage.sql.exec(
      "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
      id,
      epoch,
      last,
      events.length,
      JSON.stringify({ events }),
      now,
      now,
    );
    this.#tail = { id, epoch, last, isDelivered: false };
    this.#open = events;
    this.#length++;
  }

  #rewrite(events: WebhookEvent[]): void {
    const { sequence: last } = events.at(-1)!.data;
    this.#storage.sql.exec(
      "UPDATE outbox SET last = ?, events = ?, body = ? WHERE id = ?",
      last,
      events.length,
      JSON.stringify({ events }),
      this.#tail.id,
    );
    this.#tail.last = last;
  }

  /** Drops the oldest messages; the next one takes over the wait of the first. */
  #drop(count: number): Dead {
    let last = 0;
    let head = this.#head();
    const wait = head;
    for (let dropped = 0; head && dropped < count; dropped++) {
      last = head.last;
      this.#remove(head.id);
      head = this.#head();
    }
    if (wait && wait.failures > 0) this.#putOff(wait.failures, wait.due_at);
    return { messages: count, last };
  }

  #putOff(failures: number, at: number): void {
    const head = this.#head();
    if (!head) return;
    const { sql } = this.#storage;
    sql.exec("UPDATE outbox SET failures = ?, due_at = ? WHERE id = ?", failures, at, head.id);
    if (head.id === this.#tail.id) this.#open = null;
  }

  #remove(id: number): void {
    const { sql } = this.#storage;
    if (id === this.#tail.id) {
      sql.exec("UPDATE outbox SET body = NULL WHERE id = ?", id);
      this.#tail.isDelivered = true;
      this.#open = null;
    } else {
      sql.exec("DELETE FROM outbox WHERE id = ?", id);
    }
    this.#length--;
  }
}
