import { RollcallDot } from "./dot-element.ts";

// A page may load it twice, in its own script and with a script tag.
if (globalThis.customElements && !customElements.get("rollcall-dot")) {
  customElements.define("rollcall-dot", RollcallDot);
}

export type { RollcallDotAttributes } from "./attributes.ts";
export { RollcallDot };
