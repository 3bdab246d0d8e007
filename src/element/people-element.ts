import { type JoinOptions, joinRoom, type Member, type RoomHandle } from "../client/index.ts";
import { createPart, Face } from "./face.ts";
import { sharedStyles } from "./styles.ts";

const DEFAULT_MAX = 5;
const DEFAULT_LABEL = "People here";

/** Servers import the module too, and have no elements. */
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * `<rollcall-people>`: whoever is in a room as a row of faces, and the page's own presence there for
 * as long as it is in the document. Attributes: `room`, the room's URL; `max`, how many faces are
 * shown (5), the rest being counted; `label`, the row's name for screen readers. Parts: `list`,
 * `person`, `face`, `image`, `initials`, `dot`, `more`; faces and dots are parts by their status too.
 * Properties: `--rollcall-size`, `-gap`, `-radius`, `-ground`, `-online`, `-away`, `-busy`. Its
 * connection is a state, as in `rollcall-people:state(reconnecting)`.
 *
 * @example
 * <rollcall-people room="/rooms/lobby" max="8"></rollcall-people>
 */
export class RollcallPeople extends Base {
  static readonly observedAttributes = ["room", "max", "label"];

  readonly #internals = this.attachInternals();
  readonly #list = createPart("ul", "list");
  readonly #more = createPart("li", "person");
  readonly #count = createPart("span", "more");
  readonly #faces = new Map<string, Face>();
  #options: JoinOptions = {};
  #handle: RoomHandle | null = null;
  #unsubscribe = () => {};
  #state = "";

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sharedStyles()];
    // Safari takes a list without bullets for none.
    this.#list.role = "list";
    this.#list.ariaLabel = DEFAULT_LABEL;
    this.#count.role = "img";
    this.#more.append(this.#count);
    this.#list.append(this.#more);
    shadow.append(this.#list);
    // A page may have set it before the element was defined.
    if (Object.hasOwn(this, "options")) {
      const { options } = this;
      Reflect.deleteProperty(this, "options");
      this.#options = options;
    }
  }

  /** How to sign in, where the cookie does not: `joinRoom`'s options. To set them joins anew. */
  get options(): JoinOptions {
    return this.#options;
  }

  set options(options: JoinOptions) {
    this.#options = options;
    this.#rejoin();
  }

  /** The room while the element is in the document, to set the own status with. */
  get handle(): RoomHandle | null {
    return this.#handle;
  }

  connectedCallback(): void {
    this.#join();
    this.#render();
  }

  disconnectedCallback(): void {
    // To be moved is to be taken out and put in again, in one task, in which the client leaves nothing.
    this.#leave();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "label") this.#list.ariaLabel = after ?? DEFAULT_LABEL;
    if (name === "room") this.#rejoin();
    else this.#render();
  }

  #rejoin(): void {
    this.#leave();
    this.#join();
    this.#render();
  }

  #join(): void {
    const room = this.getAttribute("room");
    if (this.#handle || !this.isConnected || !room) return;
    this.#handle = joinRoom(room, this.#options);
    this.#unsubscribe = this.#handle.subscribe(this.#render);
  }

  #leave(): void {
    this.#unsubscribe();
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
    // Whom it does not know to be here any more, it does not show.
    const members = connection === "closed" ? [] : state!.members;
    this.#show(members.filter(({ status }) => status !== "offline"));
  };

  #show(here: readonly Member[]): void {
    const max = Number.parseInt(this.getAttribute("max") ?? "");
    const shown = new Map(
      here.slice(0, max >= 0 ? max : DEFAULT_MAX).map((member) => [member.id, member]),
    );
    for (const [id, { element }] of this.#faces) {
      if (shown.has(id)) continue;
      element.remove();
      this.#faces.delete(id);
    }
    let place = this.#list.firstElementChild;
    for (const [id, member] of shown) {
      const face = this.#faces.get(id) ?? new Face();
      this.#faces.set(id, face);
      face.show(member);
      if (face.element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(face.element, place);
    }
    const more = here.length - shown.size;
    const text = `+${more}`;
    // To write what is there already is a change too, to whoever observes the document.
    if (this.#count.textContent === text) return;
    this.#more.hidden = more === 0;
    this.#count.textContent = text;
    this.#count.ariaLabel = `${more} more`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rollcall-people": RollcallPeople;
  }
}
