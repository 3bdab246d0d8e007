import { RollcallCursors } from "./cursors-element.ts";

// A page may load it twice, in its own script and with a script tag.
if (globalThis.customElements && !customElements.get("rollcall-cursors")) {
  customElements.define("rollcall-cursors", RollcallCursors);
}

export type { RollcallCursorsAttributes } from "./attributes.ts";
export { RollcallCursors };
