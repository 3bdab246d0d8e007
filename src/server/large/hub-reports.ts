import type { Config } from "../config/config.ts";
import { leaseFor, reportWithinMs } from "../directory/lease.ts";
import { hasTable } from "../platform/has-table.ts";
import { AlarmClock } from "../platform/alarm-clock.ts";
import { Occupancy } from "../room/occupancy.ts";
import type { Task } from "../room/task.ts";
import type { OutboxStats } from "../room/webhooks/outbox.ts";
import { DeadCount } from "./dead-count.ts";
import { openWebhooks, type Webhooks } from "../room/webhooks/webhooks.ts";
import type { HubState } from "./hub-state.ts";
import { keepsRoom } from "./routing.ts";

/** What waits of the hub's own webhooks, and how many of its messages are dead. */
export interface HubOutboxStats extends OutboxStats {
  dead: number;
}

/**
 * What the hub reports of the whole room: its counts to the list of rooms (SPEC B9), and to the
 * backend when it becomes occupied or vacated (SPEC N5).
 */
export class HubReports {
  readonly #state: HubState;
  readonly #storage: DurableObjectStorage;
  readonly #occupancy: Occupancy | null;
  readonly #webhooks: Webhooks | null;
  readonly #dead: DeadCount;
  readonly #alarm: AlarmClock;
  readonly #leaseMs: number;
  /** Whether the last event said that the room is occupied; stored with the event. */
  #isOccupied: boolean;

  constructor(config: Config, storage: DurableObjectStorage, room: string, state: HubState) {
    this.#state = state;
    this.#storage = storage;
    const withinMs = reportWithinMs(config.limits.staleMs);
    const directory = keepsRoom(config, room, true) ? config.directory : null;
    this.#occupancy = directory && new Occupancy(directory, room, withinMs, null);
    this.#leaseMs = leaseFor(withinMs);
    this.#webhooks = openWebhooks(config.webhook, storage, room);
    this.#dead = new DeadCount(storage.sql);
    this.#alarm = new AlarmClock(storage);
    this.#isOccupied = hasTable(storage.sql, "occupied");
  }

  /** Loads the alarm that was set before a restart. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /** Call it first when the alarm fires. */
  unsetAlarm(): void {
    this.#alarm.unset();
  }

  /** When to call {@link take} again while the hub is awake; `Infinity` for never. */
  get reportAt(): number {
    return this.#occupancy?.reportAt ?? Number.POSITIVE_INFINITY;
  }

  /** Whether nothing is to be reported any more. */
  get isEmpty(): boolean {
    const isSettled = this.#occupancy?.isSettled ?? true;
    return isSettled && !this.#isOccupied && (this.#webhooks?.outbox.isEmpty ?? true);
  }

  outboxStats(): HubOutboxStats {
    const stats = this.#webhooks?.outbox.stats() ?? { messages: 0, events: 0, oldestAt: null };
    return { ...stats, dead: this.#dead.messages };
  }

  /** Notes the counts; hands over the reports to send now. */
  take(now: number): Task[] {
    const { list } = this.#state;
    this.#noteOccupied(now);
    this.#occupancy?.note(list, now);
    const tasks = [this.#occupancy?.report(now), this.#webhooks?.send(now)];
    this.#dead.add(this.#webhooks?.takeDead() ?? 0);
    const never = Number.POSITIVE_INFINITY;
    this.#alarm.wakeBy(Math.min(this.#occupancy?.dueAt ?? never, this.#webhooks?.dueAt ?? never));
    // The list of rooms drops a room that has not reported for long: the hub wakes for that.
    if (this.#occupancy && list.online > 0) this.#alarm.wakeBy(now + this.#leaseMs / 3);
    return tasks.filter((task) => task !== null && task !== undefined);
  }

  #noteOccupied(now: number): void {
    const { list } = this.#state;
    const isOccupied = list.online > 0;
    if (this.#webhooks === null || isOccupied === this.#isOccupied) return;
    if (!isOccupied && !this.#state.shards.isCertain) return;
    const type = isOccupied ? "room.occupied" : "room.vacated";
    const { epoch, state } = list;
    this.#webhooks.append([{ type }], { epoch, version: state.version }, now);
    const { sql } = this.#storage;
    sql.exec(isOccupied ? "CREATE TABLE occupied (since INTEGER)" : "DROP TABLE occupied");
    this.#isOccupied = isOccupied;
  }

  /** Deletes all that the hub keeps. */
  clear(): void {
    if (this.#alarm.at === null && !hasTable(this.#storage.sql, "generations")) return;
    this.#webhooks?.outbox.clear();
    this.#dead.clear();
    this.#alarm.unset();
    void this.#storage.deleteAll();
  }
}
