import { idOf, nameOf, NONE, type Dialect, type Shared, type View } from "./dialect.ts";

const FRAME = '42["users",[]]'.length;
const ENTRY = JSON.stringify({ id: idOf(0), name: nameOf(0), status: "online" }).length + 1;
const SHORTER = "online".length - "busy".length;

/**
 * Reads the list by its length alone, to keep the generator out of the way: while people join, it
 * tells how many are in it; when all are in, how many of them have become busy.
 */
class SocketIoView implements View {
  online = 0;
  changed: readonly number[] = NONE;
  readonly #shared: Shared;
  #busy = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  read(payload: Buffer): string | null {
    this.changed = NONE;
    if (payload.length === 1 && payload[0] === 50) return "3";
    if (payload.length <= FRAME || payload[0] !== 52 || payload[1] !== 50) return null;
    const { size, order } = this.#shared;
    const length = payload.length - FRAME + 1;
    if (order.length === 0) {
      this.online = Math.round(length / ENTRY);
    } else {
      const busy = (size * ENTRY - length) / SHORTER;
      this.changed = order.slice(this.#busy, busy);
      this.#busy = Math.max(this.#busy, busy);
    }
    return null;
  }
}

export const socketIo: Dialect = {
  path: ({ room, user, silent }) =>
    `/socket.io/?EIO=4&transport=websocket&room=${room}&user=${user}${silent ? "&silent=1" : ""}`,
  headers: () => [],
  greeting: () => ["40"],
  becomeBusy: () => '42["status","busy"]',
  newView: (shared) => new SocketIoView(shared),
};
