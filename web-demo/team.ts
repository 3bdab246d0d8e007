const FIRST_NAMES =
  "Ada Alan Barbara Claude Dorothy Edsger Frances Grace Hedy John Joan Katherine Leslie Margaret Niklaus Radia Sophie Tim Vint Yukihiro";
const LAST_NAMES = "Allen Berners Clarke Dijkstra Easley Fenwick Goldberg Hamilton Iverson Johnson";

export interface Teammate {
  id: string;
  name: string;
}

/** A company of 200, ordered by name. */
export const TEAM: readonly Teammate[] = FIRST_NAMES.split(" ").flatMap((first) =>
  LAST_NAMES.split(" ").map((last) => ({
    id: `${first}-${last}`.toLowerCase(),
    name: `${first} ${last}`,
  })),
);
