import { type JoinOptions, joinRoom, type RoomHandle, type RoomState } from "../client/index.ts";
import { Faces } from "./faces.ts";
import { Others } from "./others.ts";
import { sharedStyles } from "./styles.ts";

const DEFAULT_MAX = 5;
const DEFAULT_LABEL = "People here";

/** Servers import this module too, and have no elements. */
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

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
export class RollcallPeople extends Base {
  static readonly observedAttributes = ["room", "max", "label", "self"];

  readonly #internals = this.attachInternals();
  readonly #faces = new Faces("list", false);
  readonly #others = new Others();
  #options: JoinOptions = {};
  #handle: RoomHandle | null = null;
  #state = "";

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sharedStyles()];
    const { element } = this.#faces;
    element.ariaLabel = DEFAULT_LABEL;
    element.append(this.#others.element);
    shadow.append(element);
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

  /** The room while the element is in the document, for example to set the user's status. */
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

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "label") this.#faces.element.ariaLabel = after ?? DEFAULT_LABEL;
    if (name === "room") this.#rejoin();
    else this.#render();
  }

  #rejoin(): void {
    this.#leave();
    const room = this.getAttribute("room");
    if (room && this.isConnected) {
      this.#handle = joinRoom(room, this.#options);
      this.#handle.subscribe(this.#render);
    }
    this.#render();
  }

  #leave(): void {
    this.#handle?.leave();
    this.#handle = null;
  }

  #render = (): void => {
    const state = this.#handle?.getSnapshot();
    const connection = state?.connection ?? "closed";
    if (connection !== this.#state) {
      this.#internals.states.delete(this.#state);
      this.#internals.states.add((this.#state = connection));
    }
    // A closed room shows nobody, since nobody is known to be here any more.
    this.#show(connection === "closed" ? null : state!);
  };

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
