import type { Member } from "../protocol/messages.ts";
import { hueOf } from "./hue.ts";
import { initialsOf } from "./initials.ts";

/** The page asks nobody but web servers for pictures, whatever a name or image says. */
const WEB_URL = /^(https?:\/)?\//i;

/** A new element of a class, which is its part too. */
export function createPart<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = name;
  element.part.add(name);
  return element;
}

/** One person of a list: their picture over their initials, and a dot for their status. */
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
    // The face has the name already, for whoever hears it.
    this.#name.ariaHidden = "true";
    this.#name.dir = "auto";
    this.element.append(this.#name);
  }

  /** Touches nothing where the member is the same as before. */
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
    // The initials below it are what is seen where it does not load.
    image.onerror = () => image.remove();
    image.alt = "";
    image.referrerPolicy = "no-referrer";
    image.src = url;
    this.#initials.after(image);
    this.#image = image;
  }
}
