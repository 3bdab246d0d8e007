/** A constant hue for an id, in degrees: similar ids get different hues. */
export function hueOf(id: string): number {
  let hue = 0;
  for (const character of id) hue = (hue * 31 + character.codePointAt(0)! * 137) % 360;
  return hue;
}
