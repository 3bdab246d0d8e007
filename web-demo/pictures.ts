/** The pictures a visitor may choose from, each a file in `public/pictures/`. */
export const PICTURES = ["dawn", "tide", "fern", "dune", "ember", "petal"] as const;

export type Picture = (typeof PICTURES)[number];

export function picturePath(picture: Picture): string {
  return `/pictures/${picture}.svg`;
}
