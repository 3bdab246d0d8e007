import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createRoomContext } from "rollcall/react";
import { cursorsOf } from "rollcall/react/cursors";
import { App } from "../../examples/react/cursors.tsx";

const Board = createRoomContext<{ typing: boolean }>();
/** Any context fits. */
export const useBoardCursors = cursorsOf(Board.useRoom);

/** The element in JSX, with its types. */
export const element = <rollcall-cursors room="/rooms/board" name="cursor" options={{}} />;
// @ts-expect-error -- a room is named by a text
export const wrong = <rollcall-cursors room={7} />;

createRoot(document.querySelector("#react")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
