import { RollcallPeople } from "./people-element.ts";

// A page may load it twice, in its own script and with a script tag.
if (globalThis.customElements && !customElements.get("rollcall-people")) {
  customElements.define("rollcall-people", RollcallPeople);
}

export type { RollcallPeopleAttributes } from "./attributes.ts";
export { RollcallPeople };
