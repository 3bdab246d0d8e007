/** Deadlines that fall this close together share an alarm, so that a crowd that leaves sets few. */
const GRAIN_MS = 100;

/**
 * The room's one alarm (SPEC L7). It moves only to an earlier time, since each move is a row
 * written: one that fires too early finds nothing due, and is set anew.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** When it is set to, in milliseconds since 1970. */
  get at(): number | null {
    return this.#at;
  }

  /** Learns after a wake what was set before it. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** To be called first when the alarm goes off, and when storage was deleted: none is set any more. */
  unset(): void {
    this.#at = null;
  }

  /** Makes sure that the room wakes once `time` has come; `Infinity` asks for nothing. */
  wakeBy(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return;
    const at = Math.ceil(time / GRAIN_MS) * GRAIN_MS;
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
