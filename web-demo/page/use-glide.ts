import { type RefObject, useLayoutEffect, useRef } from "react";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** In longer lists rows jump, since most of them are out of sight. */
const MOST = 40;

/** Lets each `[data-member]` in `list` glide from where it was to where it is. */
export function useGlide(list: RefObject<HTMLElement | null>): void {
  const tops = useRef<ReadonlyMap<string, number>>(new Map());

  useLayoutEffect(() => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-member]") ?? [])];
    const next = new Map<string, number>();
    for (const row of rows.length > MOST ? [] : rows) {
      const id = row.dataset["member"]!;
      const top = row.offsetTop;
      const distance = (tops.current.get(id) ?? top) - top;
      next.set(id, top);
      if (distance === 0 || calm.matches) continue;
      row.animate([{ transform: `translateY(${distance}px)` }, { transform: "none" }], {
        duration: 320,
        easing: "cubic-bezier(0.2, 0.8, 0.2, 1)",
      });
    }
    tops.current = next;
  });
}
