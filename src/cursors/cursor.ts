import type { Member } from "../client/index.ts";
import { hueOf } from "../element/hue.ts";

/** Where a pointer is in an element: 0 is left or top, 1 is right or bottom. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The pointer of another page in the room. */
export interface Cursor extends Place {
  /** The id of the page's connection: a person may have several pages. */
  readonly connection: string;
  /** The person's id. */
  readonly user: string;
  readonly name: string;
  /** A CSS colour: the same for a person everywhere, and dark on a light page. */
  readonly color: string;
}

/** A tenth of a pixel on a wide screen. */
const STEPS = 10_000;

const isShare = (share: unknown): share is number =>
  typeof share === "number" && share >= 0 && share <= 1;

/** The data of a signal; `null` for a pointer that is nowhere. */
export function encodePlace(place: Place | null): [x: number, y: number] | null {
  return place && [Math.round(place.x * STEPS) / STEPS, Math.round(place.y * STEPS) / STEPS];
}

/** Reads the data of a signal, which another page has sent; `null` if the pointer is nowhere. */
export function decodePlace(data: unknown): Place | null {
  if (!Array.isArray(data)) return null;
  const [x, y] = data as unknown[];
  return isShare(x) && isShare(y) ? { x, y } : null;
}

export function cursorOf({ id, name }: Member<object>, connection: string, place: Place): Cursor {
  const hue = hueOf(id);
  const color = `light-dark(oklch(52% .17 ${hue}), oklch(78% .13 ${hue}))`;
  return { connection, user: id, name, color, x: place.x, y: place.y };
}
