/** A room on a user's list, and the stamp it was listed with, which grows each time. */
export interface StampedRoom {
  room: string;
  stamp: number;
}

/** A room as it is stored. */
interface Entry {
  stamp: number;
  /** When they were seen last in a room that they left; `null` for one that they may be present in. */
  lastOnline: number | null;
}

type Left = { first: number | null; last: number | null };

const PREFIX = "room:";
const keyOf = (room: string) => PREFIX + room;

/**
 * The rooms that a user may be present in, and those that remember them (SPEC B4, B11). No room
 * that they are in is ever missing: it is listed before it admits anyone, and removed only by its
 * stamp, so that a room they came back to meanwhile stays. Each is a separate key: a first join
 * writes one row, where a table would take two more.
 */
export class Listing {
  readonly #kv: SyncKvStorage;
  /** The stamps of the rooms that they may be present in. The others stay in storage: they may be many. */
  readonly #present = new Map<string, number>();
  /** When they were seen in the rooms that they left, first and last; `null` if it must be read. */
  #left: Left | null = { first: null, last: null };
  #newest = 0;

  /** `hasTable`: 0.1.0 kept its list in a table. */
  constructor({ kv, sql }: DurableObjectStorage, hasTable: boolean) {
    this.#kv = kv;
    if (hasTable) this.#takeOver(sql);
    for (const { room, stamp, lastOnline } of this.#entries()) {
      this.#newest = Math.max(this.#newest, stamp);
      if (lastOnline === null) this.#present.set(room, stamp);
      else this.#noteLeft(lastOnline);
    }
  }

  get isEmpty(): boolean {
    return this.#present.size === 0 && this.lastOnline === null;
  }

  /** The newest stamp at the object's start, 0 for none. */
  get newest(): number {
    return this.#newest;
  }

  /** How many rooms they may be present in. */
  get size(): number {
    return this.#present.size;
  }

  /** The rooms that they may be present in. */
  rooms(): StampedRoom[] {
    return [...this.#present].map(([room, stamp]) => ({ room, stamp }));
  }

  /** The rooms that they may be present in, and those that remember them. */
  known(): StampedRoom[] {
    return [...this.#entries()].map(({ room, stamp }) => ({ room, stamp }));
  }

  /** The stamp of a room that they may be present in, 0 for any other. */
  stampOf(room: string): number {
    return this.#present.get(room) ?? 0;
  }

  /** The stamp of a room, also of one that remembers them; 0 for any other. */
  knownStampOf(room: string): number {
    return this.#kv.get<Entry>(keyOf(room))?.stamp ?? 0;
  }

  /** When they were last seen in a room that they left; `null` for none. */
  get lastOnline(): number | null {
    return this.#readLeft().last;
  }

  /** The earliest such time; `null` for none. */
  get firstLeft(): number | null {
    return this.#readLeft().first;
  }

  add(room: string, stamp: number): void {
    this.#put(room, { stamp, lastOnline: null });
    this.#present.set(room, stamp);
    // They may come back to a room that they left.
    this.#left = null;
  }

  /**
   * Notes that they have left a room, unless it was listed again after this stamp. The room is kept
   * for as long as it remembers them; `lastOnline` is `null` for one that does not.
   */
  leave(room: string, stamp: number, lastOnline: number | null): void {
    if (this.stampOf(room) !== stamp) return;
    if (lastOnline === null) return this.drop(room, stamp);
    this.#put(room, { stamp, lastOnline });
    this.#present.delete(room);
    this.#left = null;
  }

  /** Removes a room, also one that remembers them, unless it was listed again after this stamp. */
  drop(room: string, stamp: number): void {
    if (this.knownStampOf(room) !== stamp) return;
    this.#kv.delete(keyOf(room));
    this.#present.delete(room);
    this.#left = null;
  }

  /** Forgets the rooms that they were last seen in before `time`. */
  forgetBefore(time: number): void {
    const { first } = this.#readLeft();
    if (first === null || first > time) return;
    for (const { room, lastOnline } of [...this.#entries()]) {
      if (lastOnline !== null && lastOnline <= time) this.#kv.delete(keyOf(room));
    }
    this.#left = null;
  }

  /** Call it when the object's storage was deleted. */
  clear(): void {
    this.#present.clear();
    this.#left = { first: null, last: null };
  }

  #put(room: string, entry: Entry): void {
    this.#kv.put(keyOf(room), entry);
  }

  *#entries(): Generator<Entry & { room: string }> {
    for (const [key, entry] of this.#kv.list<Entry>({ prefix: PREFIX })) {
      yield { room: key.slice(PREFIX.length), ...entry };
    }
  }

  #readLeft(): Left {
    if (this.#left === null) {
      this.#left = { first: null, last: null };
      for (const { lastOnline } of this.#entries()) {
        if (lastOnline !== null) this.#noteLeft(lastOnline);
      }
    }
    return this.#left;
  }

  #noteLeft(lastOnline: number): void {
    const { first, last } = this.#left!;
    this.#left = {
      first: Math.min(first ?? lastOnline, lastOnline),
      last: Math.max(last ?? lastOnline, lastOnline),
    };
  }

  #takeOver(sql: SqlStorage): void {
    type Row = { room: string; stamp: number; last_online: number | null };
    for (const { room, stamp, last_online } of [...sql.exec<Row>("SELECT * FROM rooms")]) {
      this.#put(room, { stamp, lastOnline: last_online });
    }
    sql.exec("DROP TABLE rooms");
  }
}
