/** A hue in degrees that stays with an id: neighbours in the alphabet land far apart. */
export function hueOf(id: string): number {
  let hue = 0;
  for (const character of id) hue = (hue * 31 + character.codePointAt(0)! * 137) % 360;
  return hue;
}
