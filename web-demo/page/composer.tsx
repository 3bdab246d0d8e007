import { memo, useEffect, useId, useRef } from "react";
import { useRoom } from "../../src/react/index.ts";
import { useIsSeen } from "./use-is-seen.ts";
import { REPEAT_MS, TYPING } from "./use-typing.ts";

/** How long after the last key a person counts as not typing. */
const PAUSE_MS = 2500;

/** A field to type in: others see that you type, but not what. */
export const Composer = memo(function Composer() {
  const { signal } = useRoom();
  const isSeen = useIsSeen();
  const timer = useRef<number>(undefined);
  const toldAt = useRef(0);
  const id = useId();

  function stop() {
    clearTimeout(timer.current);
    if (timer.current !== undefined) signal(TYPING, false);
    timer.current = undefined;
  }

  function type() {
    const now = Date.now();
    if (timer.current === undefined || now - toldAt.current >= REPEAT_MS) {
      signal(TYPING, true);
      toldAt.current = now;
    }
    clearTimeout(timer.current);
    timer.current = window.setTimeout(stop, PAUSE_MS);
  }

  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <div className="composer">
      <label className="for-readers" htmlFor={id}>
        Type something
      </label>
      <input
        id={id}
        type="text"
        placeholder="Type something…"
        autoComplete="off"
        maxLength={200}
        aria-describedby={`${id}hint`}
        onInput={type}
        onBlur={stop}
      />
      <p className="hint" id={`${id}hint`}>
        {isSeen
          ? "Others see that you are typing. What you type stays here."
          : "Nobody sees at the moment that you are typing."}
      </p>
    </div>
  );
});
