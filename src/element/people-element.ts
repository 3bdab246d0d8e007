import { type JoinOptions, joinRoom, type RoomHandle, type RoomState } from "../client/index.ts";
import { Faces } from "./faces.ts";
import { Others } from "./others.ts";
import { RoomElement } from "./room-element.ts";
import { sharedStyles } from "./styles.ts";

const DEFAULT_MAX = 5;
const DEFAULT_LABEL = "People here";

/**
 * `<rollcall-people>`: the people in a room as a row of faces; the page is present in the room while
 * the element is in the document. Attributes: `room`, the room's URL; `max`, how many faces are
 * shown (5), the rest being a number that opens the list of their names; `self`, `first` or `hide`;
 * `label`, the row's name for screen readers. Parts: `list`, `person`, `face`, `image`, `initials`,
 * `dot`, `more`, `others`, `name`; faces and dots are parts by their status too. Properties:
 * `--rollcall-size`, `-gap`, `-radius`, `-ground`, `-online`, `-away`, `-busy`. Its connection is a
 * state, as in `rollcall-people:state(reconnecting)`.
 *
 * @example
 * <rollcall-people room="/rooms/lobby" max="8" self="first"></rollcall-people>
 */
export class RollcallPeople extends RoomElement {
  static readonly observedAttributes = ["room", "max", "label", "self"];

  readonly #internals = this.attachInternals();
  readonly #faces = new Faces("list", false);
  readonly #others = new Others();
  #state = "";

  constructor() {
    super(sharedStyles());
    const { element } = this.#faces;
    element.ariaLabel = DEFAULT_LABEL;
    element.append(this.#others.element);
    this.shadow.append(element);
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "label") this.#faces.element.ariaLabel = after ?? DEFAULT_LABEL;
    if (name === "room") this.rejoin();
    else this.render();
  }

  protected override join(room: string, options: JoinOptions): RoomHandle {
    const handle = joinRoom(room, options);
    handle.subscribe(() => this.render());
    return handle;
  }

  protected override render(): void {
    const state = this.handle?.getSnapshot();
    const connection = state?.connection ?? "closed";
    if (connection !== this.#state) {
      this.#internals.states.delete(this.#state);
      this.#internals.states.add((this.#state = connection));
    }
    // A closed room shows nobody, since nobody is known to be here any more.
    this.#show(connection === "closed" ? null : state!);
  }

  #show(state: RoomState | null): void {
    let here = state?.members.filter(({ status }) => status !== "offline") ?? [];
    // A window lists only a part of those who are online (SPEC S4).
    let unlisted = (state?.online ?? 0) - here.length;
    const self = state?.self;
    const others = here.filter(({ id }) => id !== self?.id);
    const place = this.getAttribute("self");
    if (place === "first") here = here.filter(({ id }) => id === self?.id).concat(others);
    if (place === "hide") {
      if (here.length === others.length && self?.chosen !== "offline") unlisted--;
      here = others;
    }
    const max = Number.parseInt(this.getAttribute("max") ?? "");
    const count = max >= 0 ? max : DEFAULT_MAX;
    this.#faces.show(here.slice(0, count));
    this.#others.show(here.slice(count), unlisted);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rollcall-people": RollcallPeople;
  }
}
