import { type JoinOptions, joinRoom, type RoomHandle } from "../client/index.ts";
import { signals } from "../signals/index.ts";
import { CursorLayer } from "./cursor-layer.ts";
import { CursorStore } from "./cursor-store.ts";
import { followPointer } from "./follow-pointer.ts";
import { sharedStyles } from "./styles.ts";

/** Servers import this module too, and have no elements. */
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * `<rollcall-cursors>`: its content, and over it the pointers of the others who look at it. The page
 * is present in the room while the element is in the document. Attributes: `room`, the room's URL;
 * `name`, the name of the signals (`cursor`), if a room has cursors in several places. Parts:
 * `layer`, `cursor`, `name`. Properties: `--rollcall-size`, `--rollcall-layer` (its `z-index`).
 *
 * @example
 * <rollcall-cursors room="/rooms/doc:42"><article>…</article></rollcall-cursors>
 */
export class RollcallCursors extends Base {
  static readonly observedAttributes = ["room", "name"];

  readonly #layer = new CursorLayer();
  #options: JoinOptions = {};
  #handle: RoomHandle | null = null;
  #over = new AbortController();

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sharedStyles()];
    shadow.append(document.createElement("slot"), this.#layer.element);
    // A page may have set it before the element was defined.
    if (Object.hasOwn(this, "options")) {
      const { options } = this;
      Reflect.deleteProperty(this, "options");
      this.#options = options;
    }
  }

  /** How to sign in if the cookie does not: the options of `joinRoom`. Setting them joins again. */
  get options(): JoinOptions {
    return this.#options;
  }

  set options(options: JoinOptions) {
    this.#options = options;
    this.#rejoin();
  }

  /** The room while the element is in the document. */
  get handle(): RoomHandle | null {
    return this.#handle;
  }

  // Moving the element removes and reinserts it within one task; the client does not leave the room
  // in between.
  connectedCallback(): void {
    this.#rejoin();
  }

  disconnectedCallback(): void {
    this.#leave();
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#rejoin();
  }

  #rejoin(): void {
    this.#leave();
    const room = this.getAttribute("room");
    if (!room || !this.isConnected) return;
    this.#handle = joinRoom(room, { ...this.#options, signals });
    const store = new CursorStore(this.#handle, this.getAttribute("name") ?? undefined);
    const { signal } = this.#over;
    signal.addEventListener(
      "abort",
      store.subscribe(() => this.#layer.show(store.getSnapshot())),
    );
    followPointer(this, (place) => store.tell(place), signal);
  }

  #leave(): void {
    this.#over.abort();
    this.#over = new AbortController();
    this.#handle?.leave();
    this.#handle = null;
    this.#layer.show([]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rollcall-cursors": RollcallCursors;
  }
}
