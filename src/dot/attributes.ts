/** The attributes of `<rollcall-dot>`. */
export interface RollcallDotAttributes {
  /** The room's URL, or its path on the page's own origin. */
  room?: string;
  /** The id of whom it shows. */
  user?: string;
  /** Their name for screen readers, where the room need not know it; empty where it stands beside. */
  name?: string;
}
