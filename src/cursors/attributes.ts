/** The attributes of `<rollcall-cursors>`. */
export interface RollcallCursorsAttributes {
  /** The room's URL, or its path on the page's own origin. */
  room?: string;
  /** The name of the signals, if a room has cursors in several places; `cursor`. */
  name?: string;
}
