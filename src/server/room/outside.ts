import type { Config } from "../config.ts";
import type { Aside } from "./aside.ts";
import { openOccupancy, type Counts, type Occupancy } from "./occupancy.ts";
import type { Changes, Roster } from "./roster.ts";
import type { OutboxStats } from "./webhooks/outbox.ts";
import { openWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

interface OutsideParts extends Aside {
  storage: DurableObjectStorage;
  room: string;
  sweepEveryMs: number;
  countDead: (messages: number) => void;
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
    this.#webhooks = openWebhooks(config.webhook, parts);
  }

  /** To be called after a start, with what the list is known to have of the room; `null` for nothing. */
  open(told: Counts | null): void {
    this.#occupancy = openOccupancy(this.#config.directory, told, this.#parts);
  }

  /** Writes with a commit what is to be told of it. */
  note({ visible }: Changes, roster: Roster, now: number): void {
    this.#webhooks?.note(visible, roster, now);
  }

  /** Tells what was noted, now or soon. */
  tell(counts: Counts, now: number): void {
    this.#occupancy?.note(counts, now);
    this.#webhooks?.deliver(now);
  }

  /** When the room must be awake, to tell; `Infinity` for never. */
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
