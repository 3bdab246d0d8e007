import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { JoinOptions } from "../client/index.ts";
import type { RollcallCursors, RollcallCursorsAttributes } from "../cursors/index.ts";
import type { RollcallDot, RollcallDotAttributes } from "../dot/index.ts";
import type { RollcallPeople, RollcallPeopleAttributes } from "../element/index.ts";

/** `<rollcall-people>` in JSX. React sets `options`, a property, since version 19. */
export interface RollcallPeopleProps
  extends
    DetailedHTMLProps<HTMLAttributes<RollcallPeople>, RollcallPeople>,
    RollcallPeopleAttributes {
  class?: string;
  options?: JoinOptions;
}

/** `<rollcall-dot>` in JSX. React sets `options`, a property, since version 19. */
export interface RollcallDotProps
  extends DetailedHTMLProps<HTMLAttributes<RollcallDot>, RollcallDot>, RollcallDotAttributes {
  class?: string;
  options?: JoinOptions;
}

/** `<rollcall-cursors>` in JSX. React sets `options`, a property, since version 19. */
export interface RollcallCursorsProps
  extends
    DetailedHTMLProps<HTMLAttributes<RollcallCursors>, RollcallCursors>,
    RollcallCursorsAttributes {
  class?: string;
  options?: JoinOptions;
}

declare module "react" {
  // oxlint-disable-next-line typescript/no-namespace -- React's way to add elements
  namespace JSX {
    interface IntrinsicElements {
      "rollcall-cursors": RollcallCursorsProps;
      "rollcall-dot": RollcallDotProps;
      "rollcall-people": RollcallPeopleProps;
    }
  }
}
