import { useEffect, useRef, useState } from "react";
import { useSignals } from "../../src/react/index.ts";

/** The signal's name; its data is whether the person types. */
export const TYPING = "typing";

/** How often it is repeated, so that whoever comes meanwhile hears it. */
export const REPEAT_MS = 1000;
/** How long after the last one a person no longer types: the page may have closed. */
const FORGET_MS = 3000;

/** The ids of the people who are typing on other pages at this moment. */
export function useTyping(): ReadonlySet<string> {
  const [typing, setTyping] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, number>());

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
    };
  }, []);

  const show = (id: string, isTyping: boolean) =>
    setTyping((shown) => {
      if (shown.has(id) === isTyping) return shown;
      const next = new Set(shown);
      if (isTyping) next.add(id);
      else next.delete(id);
      return next;
    });

  useSignals(TYPING, ({ from, data }) => {
    const isTyping = data === true;
    clearTimeout(timers.current.get(from));
    show(from, isTyping);
    if (isTyping)
      timers.current.set(
        from,
        window.setTimeout(() => show(from, false), FORGET_MS),
      );
  });

  return typing;
}
