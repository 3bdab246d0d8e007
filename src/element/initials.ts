const graphemes = new Intl.Segmenter();

/** Of a word that has one. */
function firstGrapheme(word: string): string {
  return [...graphemes.segment(word)][0]!.segment;
}

/** The first letters of the first and the last word: "Ada King Lovelace" gives "AL". */
export function initialsOf(name: string): string {
  const words = name.match(/\S+/g) ?? [];
  const ends = words.length > 1 ? [words.at(0)!, words.at(-1)!] : words;
  return ends.map(firstGrapheme).join("").toUpperCase();
}
