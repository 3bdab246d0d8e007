/** Deadlines this close together share an alarm, so that a crowd that leaves sets few. */
export const ALARM_GRAIN_MS = 100;

/**
 * An object's one alarm (SPEC L7). It moves only to an earlier time, since each move writes a row. An
 * alarm that fires too early finds nothing due, and is set again.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** The time it is set to, in milliseconds since 1970. */
  get at(): number | null {
    return this.#at;
  }

  /** Loads the alarm that was set before a restart. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Call it first when the alarm fires, and after storage was deleted: no alarm is set then. */
  unset(): void {
    this.#at = null;
  }

  /** Makes sure that the object wakes at `time`, or earlier; `Infinity` sets nothing. */
  wakeBy(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return;
    const at = Math.ceil(time / ALARM_GRAIN_MS) * ALARM_GRAIN_MS;
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
