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

const newView: Dialect["newView"] = (shared, shown) => new FloorView(shared, shown);

export const floor: Dialect = {
  path: ({ room, size }) => `/floor/${room}?size=${size}`,
  headers: () => [],
  greeting: () => [],
  becomeBusy: () => "change",
  newView,
};

/** Members whose changes are stored, and others who are delivered to. */
export const storingFloor: Dialect = {
  path: ({ room, shown }) => `/floor/${room}?size=1${shown === "counts" ? "&member" : ""}`,
  headers: () => [],
  greeting: () => [],
  becomeBusy: () => '{"type":"update","status":"busy"}',
  heartbeat: { text: "ping", everyMs: 9_000 },
  newView,
};
