import type { WebhookConfig } from "../../config.ts";
import { log } from "../../log.ts";
import type { Aside } from "../aside.ts";
import type { Roster } from "../roster.ts";
import { happenings } from "./events.ts";
import { dropOutbox, Outbox, type Dead, type Message, type OutboxStats } from "./outbox.ts";
import { orWriteFailure } from "../write-failure.ts";
import { post } from "./post.ts";

/** Longer than a request may take: where the room ended in one, its alarm goes on (SPEC H5). */
const SAFETY_MS = 30_000;
/** One event of the platform may make a bounded number of requests; the next is an alarm. */
const MAX_IN_A_ROW = 50;
const PAUSE_MS = 100;

interface WebhookParts extends Aside {
  storage: DurableObjectStorage;
  room: string;
  countDead: (messages: number) => void;
}

/** A room's webhooks; `null` where none are sent, and what it had to send is dropped. */
export function openWebhooks(config: WebhookConfig | null, parts: WebhookParts): Webhooks | null {
  if (config !== null) return new Webhooks(config, parts);
  dropOutbox(parts.storage);
  return null;
}

/**
 * Tells the app's backend what happens in a room: what is noted with a commit is durable with it,
 * and sent after it, one request at a time (SPEC H).
 */
export class Webhooks {
  readonly #config: WebhookConfig;
  readonly #parts: WebhookParts;
  readonly #outbox: Outbox;
  /** When the room must wake if the request under way never ends; `null` where none is. */
  #safeBy: number | null = null;
  #pausedUntil = 0;

  constructor(config: WebhookConfig, parts: WebhookParts) {
    this.#config = config;
    this.#parts = parts;
    this.#outbox = new Outbox(parts.storage);
  }

  /** Whether all is delivered or dead. */
  get isEmpty(): boolean {
    return this.#outbox.isEmpty;
  }

  /** Whether anything is stored, if only how far was counted. */
  get isStored(): boolean {
    return this.#outbox.isStored;
  }

  /** When {@link deliver} is to be called again; `Infinity` for never. */
  get dueAt(): number {
    return this.#safeBy ?? Math.max(this.#outbox.dueAt, this.#pausedUntil);
  }

  stats(): OutboxStats {
    return this.#outbox.stats();
  }

  /** Writes what a commit changes; `visible` are the entries as they were before it. */
  note(visible: ReadonlyMap<string, string | undefined>, roster: Roster, now: number): void {
    if (visible.size === 0) return;
    const changes = [...visible].map(([id, before]) => ({ before, after: roster.list.member(id) }));
    const { epoch, version, online } = roster;
    const place = { room: this.#parts.room, epoch, version };
    const dead = this.#outbox.append(happenings(changes, online, now), place, now);
    if (dead) this.#bury(dead, "too many wait");
  }

  /** Sends what is due, unless a request is under way. */
  deliver(now: number): void {
    if (this.dueAt > now) return;
    if (this.#safeBy === null) this.#parts.keepAwake(this.#run());
    // It takes longer than it can: an alarm that was due must not be due at once again.
    else this.#safeBy = now + SAFETY_MS;
  }

  /** To be called when the room's storage was deleted. */
  clear(): void {
    this.#outbox.clear();
  }

  async #run(): Promise<void> {
    try {
      await this.#sendAll();
    } catch (error) {
      // The alarm tries again: no request is under way any more.
      this.#safeBy = null;
      this.#pausedUntil = Date.now() + SAFETY_MS;
      this.#parts.guard(() => {
        throw error;
      });
      this.#parts.guard(() => this.#parts.settle(Date.now()));
    }
  }

  async #sendAll(): Promise<void> {
    let message = this.#outbox.take(Date.now());
    for (let sent = 0; message; sent++) {
      if (sent === MAX_IN_A_ROW) {
        this.#pausedUntil = Date.now() + PAUSE_MS;
        break;
      }
      this.#safeBy = Date.now() + SAFETY_MS;
      const failure = await post(this.#config, message);
      const current: Message = message;
      this.#parts.guard(() => {
        orWriteFailure(() => this.#settle(current, failure, Date.now()));
      });
      message = this.#outbox.take(Date.now());
    }
    this.#safeBy = null;
    this.#parts.guard(() => this.#parts.settle(Date.now()));
  }

  #settle(message: Message, failure: string | null, now: number): void {
    if (failure === null) return this.#outbox.settle(message);
    if (message.failures === 0) this.#log("webhook_failed", failure);
    const dead = this.#outbox.fail(message, now, Math.random());
    if (dead) this.#bury(dead, failure);
  }

  #bury({ messages, last }: Dead, failure: string): void {
    this.#parts.countDead(messages);
    this.#log("webhook_dead", `${failure}; ${messages} dropped, up to sequence ${last}`);
  }

  #log(code: "webhook_failed" | "webhook_dead", reason: string): void {
    log("failure", { code, room: this.#parts.room, reason });
  }
}
