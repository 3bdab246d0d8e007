import type { Since } from "../../../protocol/since.ts";
import type { EventContent } from "../../../protocol/webhook-message.ts";
import type { WebhookConfig } from "../../config/config.ts";
import type { Shard } from "../../large/shard.ts";
import { log } from "../../log.ts";
import type { ReadonlyList } from "../members/list.ts";
import type { RunTurn, Task } from "../task.ts";
import { eventsOf } from "./events.ts";
import { dropOutbox, Outbox, type Dead, type Message } from "./outbox.ts";
import { post } from "./post.ts";

/** Longer than a request may take: if the room dies during one, the alarm continues (SPEC H5). */
const SAFETY_MS = 30_000;
/** One event of the platform may make a limited number of requests; an alarm makes the next ones. */
const MAX_IN_A_ROW = 50;
const PAUSE_MS = 100;

/** A room's webhooks. If none are configured it answers `null`, and drops what was still to be sent. */
export function openWebhooks(
  config: WebhookConfig | null,
  storage: DurableObjectStorage,
  room: string,
  shard: Shard | null = null,
): Webhooks | null {
  if (config !== null) return new Webhooks(config, storage, room, shard);
  dropOutbox(storage);
  return null;
}

/**
 * Reports what happens in a room to the app's backend: an event is stored in the commit that it
 * reports, and sent after it, one request at a time (SPEC H).
 */
export class Webhooks {
  readonly #config: WebhookConfig;
  readonly #room: string;
  /** For a shard of a large room, whose hub tells when the room is occupied. */
  readonly #shard: Shard | null;
  readonly outbox: Outbox;
  /** When the room must wake if the request under way never ends; `null` if there is none. */
  #safeBy: number | null = null;
  #pausedUntil = 0;
  #sentInARow = 0;
  #dead = 0;

  constructor(
    config: WebhookConfig,
    storage: DurableObjectStorage,
    room: string,
    shard: Shard | null = null,
  ) {
    this.#config = config;
    this.#room = room;
    this.#shard = shard;
    this.outbox = new Outbox(storage);
  }

  /** When to call {@link send} again; `Infinity` for never. */
  get dueAt(): number {
    return this.#safeBy ?? Math.max(this.outbox.dueAt, this.#pausedUntil);
  }

  /** Stores the events of a commit; `visible` has the list's entries as they were before it. */
  note(visible: ReadonlyMap<string, string | undefined>, list: ReadonlyList, now: number): void {
    if (visible.size === 0) return;
    const changes = [...visible].map(([id, before]) => ({ before, after: list.member(id) }));
    const { epoch, version, online } = list;
    const told = eventsOf(changes, online, now);
    const isOfRoom = ({ type }: EventContent) =>
      type === "room.occupied" || type === "room.vacated";
    const happened = this.#shard ? told.filter((each) => !isOfRoom(each)) : told;
    this.append(happened, { epoch, version }, now);
  }

  /** Stores events, in the commit that they report. */
  append(happened: readonly EventContent[], { epoch, version }: Since, now: number): void {
    const shard = this.#shard?.index;
    const place = { room: this.#room, epoch, version, ...(shard !== undefined && { shard }) };
    const dead = this.outbox.append(happened, place, now);
    if (dead) this.#bury(dead, "too many wait");
  }

  /** The request to make now, if a message is due and no request is under way. */
  send(now: number): Task | null {
    if (this.dueAt > now) return null;
    if (this.#safeBy !== null) {
      // The request never ended. An alarm that was due must not be due again at once.
      this.#safeBy = now + SAFETY_MS;
      return null;
    }
    if (this.#sentInARow === MAX_IN_A_ROW) {
      this.#sentInARow = 0;
      this.#pausedUntil = now + PAUSE_MS;
      return null;
    }
    const message = this.#orPause(now, () => this.outbox.take(now));
    if (!message) return null;
    this.#sentInARow++;
    this.#safeBy = now + SAFETY_MS;
    return (runTurn) => this.#post(message, runTurn);
  }

  /** How many messages became dead since the last call. */
  takeDead(): number {
    const dead = this.#dead;
    this.#dead = 0;
    return dead;
  }

  async #post(message: Message, runTurn: RunTurn): Promise<void> {
    const failure = await post(this.#config, message);
    runTurn((now) => {
      this.#safeBy = null;
      this.#orPause(now, () => this.#settle(message, failure, now));
      if (this.outbox.isEmpty) this.#sentInARow = 0;
    });
  }

  /** Pauses after a fault: the outbox would be due again at once. */
  #orPause<Result>(now: number, act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      this.#pausedUntil = now + SAFETY_MS;
      throw error;
    }
  }

  #settle(message: Message, failure: string | null, now: number): void {
    if (failure === null) return this.outbox.settle(message);
    if (message.failures === 0) this.#log("webhook_failed", failure);
    const dead = this.outbox.fail(message, now, Math.random());
    if (dead) this.#bury(dead, failure);
  }

  #bury({ messages, last }: Dead, failure: string): void {
    this.#dead += messages;
    this.#log("webhook_dead", `${failure}; ${messages} dropped, up to sequence ${last}`);
  }

  #log(code: "webhook_failed" | "webhook_dead", reason: string): void {
    log("failure", { code, room: this.#room, reason });
  }
}
