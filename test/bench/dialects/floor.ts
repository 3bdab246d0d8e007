import { NONE, type Dialect, type Shared, type Shown, type View } from "./dialect.ts";

/** Every frame is the next change, or an answer to counts alone; the first one is the state. */
class FloorView implements View {
  online = 0;
  changed: readonly number[] = NONE;
  readonly #shared: Shared;
  readonly #isShownChanges: boolean;
  #seen = 0;

  constructor(shared: Shared, shown: Shown | undefined) {
    this.#shared = shared;
    this.#isShownChanges = shown !== "counts";
  }

  read(): null {
    if (this.online === 0) this.online = this.#shared.size;
    else if (this.#isShownChanges) this.changed = [this.#shared.order[this.#seen++]!];
    return null;
  }
}

export const floor: Dialect = {
  path: ({ room, size, shown }) => `/floor/${room}?size=${shown === "counts" ? 1 : size}`,
  headers: () => [],
  greeting: () => [],
  // To any other text the floor answers the sender alone.
  becomeBusy: (shown) => (shown === "counts" ? "update" : "change"),
  newView: (shared, shown) => new FloorView(shared, shown),
};
