import type { WebhookConfig } from "../../config/config.ts";
import { log } from "../../log.ts";
import type { ReadonlyList } from "../members/list.ts";
import type { RunTurn, Task } from "../task.ts";
import { happenings } from "./events.ts";
import { dropOutbox, Outbox, type Dead, type Message } from "./outbox.ts";
import { post } from "./post.ts";

/** Longer than a request may take: where the room ended in one, its alarm goes on (SPEC H5). */
const SAFETY_MS = 30_000;
/** One event of the platform may make a bounded number of requests; the next is an alarm. */
const MAX_IN_A_ROW = 50;
const PAUSE_MS = 100;

/** A room's webhooks; `null` where none are sent, and what it had to send is dropped. */
export function openWebhooks(
  config: WebhookConfig | null,
  storage: DurableObjectStorage,
  room: string,
): Webhooks | null {
  if (config !== null) return new Webhooks(config, storage, room);
  dropOutbox(storage);
  return null;
}

/**
 * Tells the app's backend what happens in a room: what is noted with a commit is durable with it,
 * and sent after it, one request at a time (SPEC H).
 */
export class Webhooks {
  readonly #config: WebhookConfig;
  readonly #room: string;
  readonly outbox: Outbox;
  /** When the room must wake if the request under way never ends; `null` where none is. */
  #safeBy: number | null = null;
  #pausedUntil = 0;
  #sentInARow = 0;
  #dead = 0;

  constructor(config: WebhookConfig, storage: DurableObjectStorage, room: string) {
    this.#config = config;
    this.#room = room;
    this.outbox = new Outbox(storage);
  }

  /** When {@link send} is to be called again; `Infinity` for never. */
  get dueAt(): number {
    return this.#safeBy ?? Math.max(this.outbox.dueAt, this.#pausedUntil);
  }

  /** Writes what a commit changes; `visible` are the entries as they were before it. */
  note(visible: ReadonlyMap<string, string | undefined>, list: ReadonlyList, now: number): void {
    if (visible.size === 0) return;
    const changes = [...visible].map(([id, before]) => ({ before, after: list.member(id) }));
    const { epoch, version, online } = list;
    const place = { room: this.#room, epoch, version };
    const dead = this.outbox.append(happenings(changes, online, now), place, now);
    if (dead) this.#bury(dead, "too many wait");
  }

  /** Sends the next message where one is due, unless a request is under way. */
  send(now: number): Task | null {
    if (this.dueAt > now) return null;
    if (this.#safeBy !== null) {
      // It takes longer than it can: an alarm that was due must not be due at once again.
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

  /** How many messages died since the last call. */
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

  /** After a fault the outbox is left alone for a while: it would be due at once again. */
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
