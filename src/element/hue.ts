/** A hue in degrees that stays with an id: neighbours in the alphabet land far apart. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619);
  return (hash >>> 8) % 360;
}
