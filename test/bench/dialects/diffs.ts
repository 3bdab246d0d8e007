import { NONE, type Dialect, type Shared, type View, userAt } from "./dialect.ts";

const ID = Buffer.from('"id":"u');
const MARK = Buffer.from('"type":"');
const CODE = { join: 106, leave: 108, snapshot: 115, update: 117 } as const;

/** A list first, then a message for each join, leave and update; several systems speak so. */
export class DiffsView implements View {
  changed: readonly number[] = NONE;
  readonly #known: Uint8Array;
  #online = 0;

  constructor({ size }: Shared) {
    this.#known = new Uint8Array(size + 1_000);
  }

  get online(): number {
    return this.#online;
  }

  read(payload: Buffer): string | null {
    this.changed = NONE;
    const mark = payload.indexOf(MARK);
    const code = mark < 0 ? 0 : payload[mark + MARK.length];
    let at = payload.indexOf(ID);
    if (code === CODE.snapshot || code === CODE.join) {
      for (; at >= 0; at = payload.indexOf(ID, at + 40)) this.#set(userOf(payload, at), 1);
    } else if (code === CODE.leave) {
      this.#set(userOf(payload, at), 0);
    } else if (code === CODE.update) {
      this.changed = [userOf(payload, at)];
    }
    return null;
  }

  #set(user: number, known: 0 | 1): void {
    this.#online += known - this.#known[user]!;
    this.#known[user] = known;
  }
}

const userOf = (payload: Buffer, at: number) => userAt(payload, at + ID.length - 1);

const query = (room: string, user: string, silent: boolean) =>
  `room=${room}&user=${user}${silent ? "&silent=1" : ""}`;

const BUSY = '{"type":"update","status":"busy"}';

export const wsDiffs: Dialect = {
  path: ({ room, user, silent }) => `/?${query(room, `${user}`, silent)}`,
  headers: () => [],
  greeting: () => [],
  becomeBusy: () => BUSY,
  newView: (shared) => new DiffsView(shared),
};

export const partyServer: Dialect = {
  ...wsDiffs,
  path: ({ room, user, silent }) => `/parties/rooms/${room}?${query(room, `${user}`, silent)}`,
};
