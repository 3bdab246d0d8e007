import { type JoinOptions, joinRoom, type RoomHandle } from "../client/index.ts";
import { RoomElement } from "../element/room-element.ts";
import { windowOf } from "../window/index.ts";
import { sharedStyles } from "./styles.ts";

/**
 * `<rollcall-dot>`: the status of one user in a room, for as long as it is in the document; nobody is
 * present by it, and all dots of one room and options share a connection. Attributes: `room`, the
 * room's URL; `user`, their id; `name`, what screen readers call them, empty where the name stands
 * beside the dot. A user whom the room does not know is offline. Part: `dot`, and the status. Properties:
 * `--rollcall-size`, `-online`, `-away`, `-busy`, `-offline`. The status is a state, as in
 * `rollcall-dot:state(busy)`, and so is `reconnecting`.
 *
 * @example
 * <rollcall-dot room="/rooms/everyone" user="ada" name=""></rollcall-dot> Ada
 */
export class RollcallDot extends RoomElement {
  static readonly observedAttributes = ["room", "user", "name"];

  readonly #internals = this.attachInternals();
  readonly #dot = document.createElement("span");
  #status = "";

  constructor() {
    super(sharedStyles());
    this.#dot.role = "img";
    this.shadow.append(this.#dot);
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "name") this.render();
    else this.rejoin();
  }

  /** Watches the user that the attributes name. */
  protected override join(room: string, options: JoinOptions): RoomHandle {
    const part = { present: false, window: windowOf({ limit: 0 }) };
    const handle = joinRoom(room, { ...options, ...part });
    handle.subscribe(() => this.render());
    handle.watch([this.getAttribute("user") ?? ""]);
    return handle;
  }

  protected override render(): void {
    const { connection = "closed", members = [] } = this.handle?.getSnapshot() ?? {};
    const user = this.getAttribute("user");
    const member = members.find(({ id }) => id === user);
    // Before the room has answered, or if it refuses the page, nothing is known. It answers for each
    // watched user, also for one whom it does not know.
    const isKnown = connection !== "connecting" && connection !== "closed";
    const status = (isKnown && member?.status) || "";
    const name = this.getAttribute("name") ?? member?.name ?? user;
    this.#show(status, status && [name, status].filter(Boolean).join(", "));
    this.#mark("reconnecting", connection === "reconnecting");
  }

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
