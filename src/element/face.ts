import type { Member } from "../protocol/messages.ts";
import { hueOf } from "./hue.ts";
import { initialsOf } from "./initials.ts";

/** Pictures are loaded from web servers only, whatever a name or image says. */
const WEB_URL = /^(https?:\/)?\//i;

/** Creates an element with a class, which is also its part. */
export function createPart<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = name;
  element.part.add(name);
  return element;
}

/** A person in a list: the picture over the initials, and a dot for the status. */
export class Face {
  readonly element = createPart("li", "person");
  readonly #face = createPart("span", "face");
  readonly #initials = createPart("span", "initials");
  readonly #dot = createPart("span", "dot");
  readonly #name = createPart("span", "name");
  #member: Member | undefined;
  #image: HTMLImageElement | undefined;

  /** `isNamed` writes the name beside the face. */
  constructor(isNamed: boolean) {
    this.#face.role = "img";
    this.#initials.append(document.createElement("span"));
    this.#face.append(this.#initials, this.#dot);
    this.element.append(this.#face);
    if (!isNamed) return;
    // The face has the name for screen readers already.
    this.#name.ariaHidden = "true";
    this.#name.dir = "auto";
    this.element.append(this.#name);
  }

  /** Does nothing if the member is unchanged. */
  show(member: Member): void {
    if (member === this.#member) return;
    const before = this.#member;
    this.#member = member;
    const { id, name, image, status } = member;
    this.#face.style.setProperty("--hue", String(hueOf(id)));
    this.#face.ariaLabel = this.#face.title = `${name}, ${status}`;
    this.#initials.firstElementChild!.textContent = initialsOf(name) || "?";
    this.#name.textContent = name;
    this.#face.part.value = `face ${status}`;
    this.#dot.className = this.#dot.part.value = `dot ${status}`;
    if (before?.image !== image) this.#showImage(image);
  }

  #showImage(url: string | undefined): void {
    this.#image?.remove();
    this.#image = undefined;
    if (!url || !WEB_URL.test(url)) return;
    const image = createPart("img", "image");
    // If it does not load, the initials below it are visible.
    image.onerror = () => image.remove();
    image.alt = "";
    image.referrerPolicy = "no-referrer";
    image.src = url;
    this.#initials.after(image);
    this.#image = image;
  }
}
