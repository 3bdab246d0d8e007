import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createRoomContext } from "rollcall/react";
import { cursorsOf } from "rollcall/react/cursors";
import { App } from "../../examples/react/cursors.tsx";

const Board = createRoomContext<{ typing: boolean }>();
/** Any context fits. */
export const useBoardCursors = cursorsOf(Board.useRoom);

createRoot(document.querySelector("#react")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
