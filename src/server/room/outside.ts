import type { Config } from "../config/config.ts";
import type { Changes } from "./members/changes.ts";
import type { Errand } from "./errand.ts";
import { openOccupancy, type Occupancy } from "./occupancy.ts";
import type { Counts } from "./room-object.ts";
import type { Roster } from "./members/roster.ts";
import type { OutboxStats } from "./webhooks/outbox.ts";
import { openWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

interface OutsideParts {
  storage: DurableObjectStorage;
  room: string;
  sweepEveryMs: number;
}

/** What a room tells to others than its own sockets: webhooks (SPEC H), and the list of rooms (B9). */
export class Outside {
  readonly #config: Config;
  readonly #parts: OutsideParts;
  /** `null` where none are sent. */
  readonly #webhooks: Webhooks | null;
  /** `null` where rooms are not listed, and before the room is awake. */
  #occupancy: Occupancy | null = null;

  constructor(config: Config, parts: OutsideParts) {
    this.#config = config;
    this.#parts = parts;
    this.#webhooks = openWebhooks(config.webhook, parts.storage, parts.room);
  }

  /** To be called after a start, with what the list is known to have of the room; `null` for nothing. */
  open(listed: Counts | null): void {
    this.#occupancy = openOccupancy(this.#config.directory, listed, this.#parts);
  }

  /** Writes with a commit what is to be told of it. */
  note({ visible }: Changes, roster: Roster, now: number): void {
    this.#webhooks?.note(visible, roster, now);
  }

  /** Sends what is due; `counts` are the room's after the event. */
  send(counts: Counts, now: number): Errand[] {
    this.#occupancy?.note(counts, now);
    const errands = [this.#occupancy?.report(now), this.#webhooks?.send(now)];
    return errands.filter((errand) => errand !== null && errand !== undefined);
  }

  /** How many messages to the backend died since the last call. */
  takeDead(): number {
    return this.#webhooks?.takeDead() ?? 0;
  }

  /** When {@link send} is to be called again while the room is awake; `Infinity` for never. */
  get sendAt(): number {
    return this.#occupancy?.reportAt ?? Number.POSITIVE_INFINITY;
  }

  /** When the room must be awake, to send; `Infinity` for never. */
  get dueAt(): number {
    const never = Number.POSITIVE_INFINITY;
    return Math.min(this.#webhooks?.dueAt ?? never, this.#occupancy?.dueAt ?? never);
  }

  /** What a room that nobody is known in must keep until all is told. */
  get needs(): "room" | "outbox" | "nothing" {
    if (this.#occupancy?.isSettled === false) return "room";
    return this.#webhooks?.isEmpty === false ? "outbox" : "nothing";
  }

  /** Whether anything is stored. */
  get isStored(): boolean {
    return this.#webhooks?.isStored ?? false;
  }

  stats(): OutboxStats {
    return this.#webhooks?.stats() ?? { messages: 0, events: 0, oldestAt: null };
  }

  /** To be called when the room's storage was deleted. */
  clear(): void {
    this.#webhooks?.clear();
  }
}
