import type { Member } from "../protocol/messages.ts";
import { createPart, Face } from "./face.ts";

/** A list of people; unchanged people keep their elements. */
export class Faces {
  readonly element: HTMLUListElement;
  readonly #isNamed: boolean;
  readonly #faces = new Map<string, Face>();

  constructor(part: string, isNamed: boolean) {
    this.element = createPart("ul", part);
    this.#isNamed = isNamed;
    // Safari does not treat a list without bullets as a list.
    this.element.role = "list";
  }

  /** Shows these people in this order, before everything else in the list. */
  show(members: readonly Member[]): void {
    const shown = new Set(members.map(({ id }) => id));
    for (const [id, { element }] of this.#faces) {
      if (shown.has(id)) continue;
      element.remove();
      this.#faces.delete(id);
    }
    let place = this.element.firstElementChild;
    for (const member of members) {
      const face = this.#faces.get(member.id) ?? new Face(this.#isNamed);
      this.#faces.set(member.id, face);
      face.show(member);
      if (face.element === place) place = place.nextElementSibling;
      else this.element.insertBefore(face.element, place);
    }
  }
}
