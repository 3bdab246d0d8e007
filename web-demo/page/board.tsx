import { type CSSProperties, memo, useRef } from "react";
import { type Cursor, useCursors } from "../../src/react/cursors.ts";
import { useIsSeen } from "./use-is-seen.ts";

/** From where on a name stands on the other side of its pointer, to stay within the board. */
const FAR = 0.55;
const LOW = 0.65;

/** Where everybody's pointer is shown while it moves. */
export const Board = memo(function Board() {
  const board = useRef<HTMLElement>(null);
  const cursors = useCursors(board);
  const isSeen = useIsSeen();
  return (
    <section ref={board} className="board" aria-label="Pointers" data-empty={cursors.length === 0}>
      <p>
        {isSeen
          ? "Move your pointer here: everybody sees it move."
          : "Nobody sees your pointer at the moment."}
      </p>
      {cursors.map((cursor) => (
        <Pointer key={cursor.connection} cursor={cursor} />
      ))}
    </section>
  );
});

const Pointer = memo(function Pointer({ cursor }: { cursor: Cursor }) {
  const { user, name, color, x, y, style } = cursor;
  return (
    <div
      className="pointer"
      data-user={user}
      data-far={x > FAR}
      data-low={y > LOW}
      style={{ ...style, "--pointer": color } as CSSProperties}
      aria-hidden="true"
    >
      <svg viewBox="0 0 16 16">
        <path d="M1.5 1.5 6 14.5l2.6-5.9 5.9-2.6z" />
      </svg>
      <bdi>{name}</bdi>
    </div>
  );
});
