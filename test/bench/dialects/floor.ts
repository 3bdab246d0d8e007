import { NONE, type Dialect, type Shared, type View } from "./dialect.ts";

/** Every frame is the next change; the first one is the state. */
class FloorView implements View {
  online = 0;
  changed: readonly number[] = NONE;
  readonly #shared: Shared;
  #seen = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  read(): null {
    if (this.online === 0) this.online = this.#shared.size;
    else this.changed = [this.#shared.order[this.#seen++]!];
    return null;
  }
}

export const floor: Dialect = {
  path: ({ room, size }) => `/floor/${room}?size=${size}`,
  headers: () => [],
  greeting: () => [],
  becomeBusy: () => "change",
  newView: (shared) => new FloorView(shared),
};
