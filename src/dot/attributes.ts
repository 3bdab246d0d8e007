/** The attributes of `<rollcall-dot>`. */
export interface RollcallDotAttributes {
  /** The room's URL, or its path on the page's own origin. */
  room?: string;
  /** The id of the user it shows. */
  user?: string;
  /** The name for screen readers, if the room may not know it; empty if it is next to the dot. */
  name?: string;
}
