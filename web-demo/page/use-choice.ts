import { type KeyboardEvent, useEffect, useRef, useState } from "react";

/** After how long a choice reached by arrow keys counts as meant. */
const MEANT_MS = 600;

/**
 * A choice in a radio group. Arrow keys pass over options, and each of them would be told to
 * others: one that is reached this way is chosen by Enter, Space or a pause.
 */
export function useChoice<Value>(chosen: Value, choose: (value: Value) => void) {
  const [passing, setPassing] = useState<{ value: Value } | null>(null);
  const isArrow = useRef(false);
  const timer = useRef<number>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);

  function settle(value: Value) {
    clearTimeout(timer.current);
    setPassing(null);
    choose(value);
  }

  return {
    shown: passing ? passing.value : chosen,
    onKeyDown({ key }: KeyboardEvent) {
      isArrow.current = key.startsWith("Arrow");
      if (passing && (key === "Enter" || key === " ")) settle(passing.value);
    },
    onChange(value: Value) {
      if (!isArrow.current) return settle(value);
      isArrow.current = false;
      setPassing({ value });
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => settle(value), MEANT_MS);
    },
  };
}
