import { type JoinOptions, joinRoom, type RoomHandle } from "../client/index.ts";
import { RoomElement } from "../element/room-element.ts";
import { signals } from "../signals/index.ts";
import { CursorLayer } from "./cursor-layer.ts";
import { CursorStore } from "./cursor-store.ts";
import { followPointer } from "./follow-pointer.ts";
import { sharedStyles } from "./styles.ts";

/**
 * `<rollcall-cursors>`: its content, and over it the pointers of the others who look at it. The page
 * is present in the room while the element is in the document. Attributes: `room`, the room's URL;
 * `name`, the name of the signals (`cursor`), if a room has cursors in several places. Parts:
 * `layer`, `cursor`, `name`. Properties: `--rollcall-size`, `--rollcall-layer` (its `z-index`).
 *
 * @example
 * <rollcall-cursors room="/rooms/doc:42"><article>…</article></rollcall-cursors>
 */
export class RollcallCursors extends RoomElement {
  static readonly observedAttributes = ["room", "name"];

  readonly #layer = new CursorLayer();
  #store: CursorStore | null = null;
  #over = new AbortController();

  constructor() {
    super(sharedStyles());
    this.shadow.append(document.createElement("slot"), this.#layer.element);
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.rejoin();
  }

  protected override join(room: string, options: JoinOptions): RoomHandle {
    const handle = joinRoom(room, { ...options, signals });
    const store = new CursorStore(handle, this.getAttribute("name") ?? undefined);
    this.#store = store;
    const { signal } = this.#over;
    signal.addEventListener(
      "abort",
      store.subscribe(() => this.render()),
    );
    followPointer(this, (place) => store.tell(place), signal);
    return handle;
  }

  protected override leave(): void {
    this.#over.abort();
    this.#over = new AbortController();
    this.#store = null;
    super.leave();
  }

  protected override render(): void {
    this.#layer.show(this.#store?.getSnapshot() ?? []);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rollcall-cursors": RollcallCursors;
  }
}
