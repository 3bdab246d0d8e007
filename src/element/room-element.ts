import type { JoinOptions, RoomHandle } from "../client/index.ts";

/** Servers import this module too, and have no elements. */
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/** An element that is connected to the room of its attribute `room` while it is in the document. */
export abstract class RoomElement extends Base {
  protected readonly shadow = this.attachShadow({ mode: "open" });
  #options: JoinOptions = {};
  #handle: RoomHandle | null = null;

  constructor(styles: CSSStyleSheet) {
    super();
    this.shadow.adoptedStyleSheets = [styles];
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
    this.rejoin();
  }

  /** The room while the element is in the document, for example to set the user's status. */
  get handle(): RoomHandle | null {
    return this.#handle;
  }

  // Moving the element removes and reinserts it within one task; the client does not leave the room
  // in between.
  connectedCallback(): void {
    this.rejoin();
  }

  disconnectedCallback(): void {
    this.leave();
  }

  protected rejoin(): void {
    this.leave();
    const room = this.getAttribute("room");
    if (room && this.isConnected) this.#handle = this.join(room, this.#options);
    this.render();
  }

  protected leave(): void {
    this.#handle?.leave();
    this.#handle = null;
  }

  /** Joins as this element does, and calls {@link render} at each change. */
  protected abstract join(room: string, options: JoinOptions): RoomHandle;

  /** Shows the room as it is now; nobody without a {@link handle}. */
  protected abstract render(): void;
}
