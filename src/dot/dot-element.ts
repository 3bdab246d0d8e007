import { type JoinOptions, joinRoom, type RoomHandle } from "../client/index.ts";
import { windowOf } from "../window/index.ts";
import { sharedStyles } from "./styles.ts";

/** Servers import this module too, and have no elements. */
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * `<rollcall-dot>`: the status of one user in a room, for as long as it is in the document; nobody is
 * present by it, and all dots of one room and options share a connection. Attributes: `room`, the
 * room's URL; `user`, their id; `name`, what screen readers call them, empty where the name stands
 * beside the dot. Whom the room does not know is offline. Part: `dot`, and the status. Properties:
 * `--rollcall-size`, `-online`, `-away`, `-busy`, `-offline`. The status is a state, as in
 * `rollcall-dot:state(busy)`, and so is `reconnecting`.
 *
 * @example
 * <rollcall-dot room="/rooms/everyone" user="ada" name=""></rollcall-dot> Ada
 */
export class RollcallDot extends Base {
  static readonly observedAttributes = ["room", "user", "name"];

  readonly #internals = this.attachInternals();
  readonly #dot = document.createElement("span");
  #options: JoinOptions = {};
  #handle: RoomHandle | null = null;
  #status = "";

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sharedStyles()];
    this.#dot.role = "img";
    shadow.append(this.#dot);
    // A page may have set it before the element was defined.
    if (Object.hasOwn(this, "options")) {
      const { options } = this;
      Reflect.deleteProperty(this, "options");
      this.#options = options;
    }
  }

  /**
   * How to sign in if the cookie does not: the options of `joinRoom`. Setting them connects again.
   */
  get options(): JoinOptions {
    return this.#options;
  }

  set options(options: JoinOptions) {
    this.#options = options;
    this.#restart();
  }

  connectedCallback(): void {
    this.#restart();
  }

  disconnectedCallback(): void {
    // Moving the element removes and reinserts it within one task; the client does not leave the
    // room in between.
    this.#end();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "name") this.#render();
    else this.#restart();
  }

  /** Watches the user that the attributes name. */
  #restart(): void {
    this.#end();
    const room = this.getAttribute("room");
    if (this.isConnected && room) {
      const part = { present: false, window: windowOf({ limit: 0 }) };
      this.#handle = joinRoom(room, { ...this.#options, ...part });
      this.#handle.subscribe(this.#render);
      this.#handle.watch([this.getAttribute("user") ?? ""]);
    }
    this.#render();
  }

  #end(): void {
    this.#handle?.leave();
    this.#handle = null;
  }

  #render = (): void => {
    const { connection = "closed", members = [] } = this.#handle?.getSnapshot() ?? {};
    const user = this.getAttribute("user");
    const member = members.find(({ id }) => id === user);
    // Before the room has answered, or if it refuses the page, nothing is known.
    const isKnown = connection !== "connecting" && connection !== "closed";
    const status = isKnown ? (member?.status ?? "offline") : "";
    const name = this.getAttribute("name") ?? member?.name ?? user;
    this.#show(status, status && [name, status].filter(Boolean).join(", "));
    this.#mark("reconnecting", connection === "reconnecting");
  };

  /** Does nothing if it shows that already. */
  #show(status: string, label: string): void {
    if (label !== this.#dot.ariaLabel) this.#dot.ariaLabel = this.#dot.title = label;
    if (status === this.#status && this.#dot.className) return;
    this.#mark(this.#status, false);
    this.#mark(status, true);
    this.#status = status;
    this.#dot.className = this.#dot.part.value = `dot ${status}`;
  }

  #mark(state: string, isOn: boolean): void {
    if (isOn && state) this.#internals.states.add(state);
    else this.#internals.states.delete(state);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rollcall-dot": RollcallDot;
  }
}
