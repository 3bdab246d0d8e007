import type { Member, RoomHandle, RoomState, Signal } from "../client/index.ts";
import { type Cursor, cursorOf, decodePlace, encodePlace, type Place } from "./cursor.ts";

/** A pointer that has not moved for this long is not shown. */
const IDLE_MS = 5_000;

/** The part of a handle that cursors need. */
export interface CursorRoom extends Pick<RoomHandle, "subscribe" | "signal"> {
  getSnapshot(): RoomState<object>;
  on(name: "signal", listener: (signal: Signal) => void): () => void;
}

/** Where a pointer was last seen. */
interface Seen {
  from: string;
  place: Place;
  at: number;
}

/**
 * The pointers of the other pages in a room, for as long as somebody listens. A pointer is shown
 * while its person is, and until it has left the element or has not moved for 5 s.
 */
export class CursorStore {
  readonly #room: CursorRoom;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  /** By connection. */
  readonly #seen = new Map<string, Seen>();
  #ends: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cursors: readonly Cursor[] = [];
  #isOld = false;
  #members: readonly Member<object>[] = [];
  #byId = new Map<string, Member<object>>();

  /** `name` is that of the signals. */
  constructor(room: CursorRoom, name = "cursor") {
    this.#room = room;
    this.#name = name;
  }

  /** Tells the others where the pointer is; a watcher only sees them. */
  tell(place: Place | null): void {
    if (this.#room.getSnapshot().self) this.#room.signal(this.#name, encodePlace(place));
  }

  /** Calls `listener` when {@link getSnapshot} has changed; returns a function that ends this. */
  subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#start();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** The cursors to show; those that have not changed are the same objects. */
  getSnapshot = (): readonly Cursor[] => {
    if (this.#isOld) this.#renew();
    return this.#cursors;
  };

  #start(): void {
    this.#ends = [
      this.#room.on("signal", (signal) => this.#hear(signal)),
      this.#room.subscribe(() => {
        if (this.#room.getSnapshot().members !== this.#members) this.#change();
      }),
    ];
  }

  #stop(): void {
    for (const end of this.#ends) end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#seen.clear();
    this.#isOld = true;
  }

  #hear({ name, from, connection, data }: Signal): void {
    if (name !== this.#name) return;
    const place = decodePlace(data);
    if (place) this.#seen.set(connection, { from, place, at: Date.now() });
    else this.#seen.delete(connection);
    this.#timer ??= setTimeout(this.#forgetIdle, IDLE_MS);
    this.#change();
  }

  #forgetIdle = (): void => {
    const now = Date.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [connection, { at }] of this.#seen) {
      if (now - at >= IDLE_MS) this.#seen.delete(connection);
      else nextMs = Math.min(nextMs, at + IDLE_MS - now);
    }
    this.#timer = this.#seen.size > 0 ? setTimeout(this.#forgetIdle, nextMs) : undefined;
    this.#change();
  };

  #change(): void {
    this.#isOld = true;
    for (const listener of this.#listeners) listener();
  }

  #renew(): void {
    this.#isOld = false;
    const { members } = this.#room.getSnapshot();
    if (members !== this.#members) {
      this.#members = members;
      this.#byId = new Map(members.map((member) => [member.id, member]));
    }
    const before = new Map(this.#cursors.map((cursor) => [cursor.connection, cursor]));
    const cursors = [...this.#seen].flatMap(([connection, { from, place }]) => {
      const member = this.#byId.get(from);
      if (!member || member.status === "offline") return [];
      const known = before.get(connection);
      const isSame = known?.x === place.x && known.y === place.y && known.name === member.name;
      return [isSame ? known! : cursorOf(member, connection, place)];
    });
    const isSame =
      cursors.length === this.#cursors.length && cursors.every((c, n) => c === this.#cursors[n]);
    if (!isSame) this.#cursors = cursors;
  }
}
