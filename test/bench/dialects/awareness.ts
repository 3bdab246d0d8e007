import { idOf, nameOf, NONE, type Dialect, type Shared, type View } from "./dialect.ts";
import { partyServer } from "./diffs.ts";

/** The kinds of messages of y-protocols. */
const SYNC = 0;
const AWARENESS = 1;
/** Asks for what the document has: nothing is known of it. */
const SYNC_STEP_1 = Uint8Array.of(SYNC, 0, 1, 0);

const BUSY = Buffer.from('"busy"');

/** A number as y-protocols write it, seven bits a byte, the lowest first. */
function numberBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
}

/** What a user says of themselves; the client's number is the user's, and one, as none is 0. */
function awarenessOf(user: number, clock: number, status: string): Uint8Array {
  const state = JSON.stringify({ user: { id: idOf(user), name: nameOf(user) }, status });
  const update = Buffer.from([
    ...numberBytes(1),
    ...numberBytes(user + 1),
    ...numberBytes(clock),
    ...numberBytes(state.length),
    ...Buffer.from(state),
  ]);
  return Uint8Array.from([AWARENESS, ...numberBytes(update.length), ...update]);
}

/** Reads what others say of themselves. */
class AwarenessView implements View {
  changed: readonly number[] = NONE;
  readonly #known: Uint8Array;
  #online = 0;
  #payload: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor({ size }: Shared) {
    this.#known = new Uint8Array(size + 1_000);
  }

  get online(): number {
    return this.#online;
  }

  read(payload: Buffer): null {
    this.changed = NONE;
    if (payload[0] !== AWARENESS) return null;
    this.#payload = payload;
    this.#at = 1;
    this.#number();
    const changed: number[] = [];
    for (let left = this.#number(); left > 0; left--) {
      const user = this.#number() - 1;
      this.#number();
      const length = this.#number();
      const state = payload.subarray(this.#at, this.#at + length);
      this.#at += length;
      // Who is gone has the state `null`.
      const known = length > 4 ? 1 : 0;
      this.#online += known - this.#known[user]!;
      this.#known[user] = known;
      if (state.includes(BUSY)) changed.push(user);
    }
    this.changed = changed;
    return null;
  }

  #number(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#payload[this.#at++]!;
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  }
}

export const awareness: Dialect = {
  path: partyServer.path,
  headers: () => [],
  greeting: ({ user }) => [SYNC_STEP_1, awarenessOf(user, 1, "online")],
  becomeBusy: (user) => awarenessOf(user, 2, "busy"),
  newView: (shared) => new AwarenessView(shared),
};
