/** The attributes of `<rollcall-people>`. */
export interface RollcallPeopleAttributes {
  /** The room's URL, or its path on the page's own origin. */
  room?: string;
  /** How many faces are shown; the others are counted; 5. */
  max?: number | string;
  /** The row's name for screen readers; `People here`. */
  label?: string;
  /** Puts the current user first, or leaves them out. */
  self?: "first" | "hide";
}
