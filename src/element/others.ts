import type { Member } from "../protocol/messages.ts";
import { createPart } from "./face.ts";
import { Faces } from "./faces.ts";

/** More names than anyone reads; the number shows how many more there are. */
const MOST_NAMES = 100;

/** The people who are not shown in the row: a number that opens the list of their names. */
export class Others {
  readonly element = createPart("li", "person");
  readonly #more = createPart("button", "more");
  readonly #list = new Faces("others", true);
  #members: readonly Member[] = [];

  constructor() {
    const { element: list } = this.#list;
    list.popover = "auto";
    // Before it is visible: `toggle` comes a task later, and would show an empty list until then.
    list.onbeforetoggle = ({ newState }) => this.#draw(newState === "open");
    this.#more.popoverTargetElement = list;
    this.element.append(this.#more, list);
  }

  /** Counts these members, and those whose names are not known. */
  show(members: readonly Member[], unlisted: number): void {
    this.#members = members;
    const count = members.length + Math.max(unlisted, 0);
    const text = `+${count}`;
    // Writing an unchanged value also notifies mutation observers.
    if (this.#more.textContent !== text) {
      this.element.hidden = count === 0;
      this.#more.textContent = text;
      this.#more.ariaLabel = `${count} more`;
    }
    const { element } = this.#list;
    const isOpen = element.matches(":popover-open");
    if (isOpen && this.element.hidden) element.hidePopover();
    else this.#draw(isOpen);
  }

  /** Faces are created only when the list is opened. */
  #draw(isOpen: boolean): void {
    this.#list.show(isOpen ? this.#members.slice(0, MOST_NAMES) : []);
  }
}
