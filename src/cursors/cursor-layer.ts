import type { Cursor } from "./cursor.ts";

const SVG = "http://www.w3.org/2000/svg";
/** An arrow whose point is at the top left. */
const ARROW = "M1 1 L6 15.5 L8.7 9.2 L15.2 7 Z";

/** A pointer with a name. */
class Drawn {
  readonly element = createPart("div", "cursor");
  readonly #name = document.createElement("span");
  #cursor: Cursor | undefined;

  constructor() {
    const arrow = document.createElementNS(SVG, "svg");
    arrow.setAttribute("viewBox", "0 0 16 16");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ARROW);
    arrow.append(path);
    const name = createPart("div", "name");
    this.#name.dir = "auto";
    name.append(this.#name);
    this.element.append(arrow, name);
  }

  /** Does nothing if the cursor is unchanged. */
  show(cursor: Cursor): void {
    if (cursor === this.#cursor) return;
    this.#cursor = cursor;
    const { style, dataset } = this.element;
    style.setProperty("--x", String(cursor.x));
    style.setProperty("--y", String(cursor.y));
    style.setProperty("--color", cursor.color);
    dataset["user"] = cursor.user;
    if (this.#name.textContent !== cursor.name) this.#name.textContent = cursor.name;
  }
}

/** Creates an element with a class, which is also its part. */
function createPart(tag: "div", name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.part.add(name);
  return element;
}

/** The pointers drawn over an element; screen readers do not hear of them. */
export class CursorLayer {
  readonly element = createPart("div", "layer");
  readonly #drawn = new Map<string, Drawn>();

  constructor() {
    this.element.ariaHidden = "true";
  }

  show(cursors: readonly Cursor[]): void {
    const gone = new Map(this.#drawn);
    for (const cursor of cursors) {
      gone.delete(cursor.connection);
      this.#drawnOf(cursor.connection).show(cursor);
    }
    for (const [connection, { element }] of gone) {
      element.remove();
      this.#drawn.delete(connection);
    }
    for (const cursor of cursors) {
      const { element } = this.#drawnOf(cursor.connection);
      // Its place is set first, so that it does not move there from the corner.
      if (!element.isConnected) this.element.append(element);
    }
  }

  #drawnOf(connection: string): Drawn {
    const known = this.#drawn.get(connection);
    if (known) return known;
    const drawn = new Drawn();
    this.#drawn.set(connection, drawn);
    return drawn;
  }
}
