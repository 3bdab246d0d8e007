import { type CSSProperties, useCallback, useEffect, useRef, useState } from "react";
import { setViewer } from "./sight.ts";
import { useCompany } from "./use-company.ts";

/** What the second viewer says to this page beside what it sees: that it goes, and how tall it is. */
export type Farewell = "leaving" | "left";
export interface Extent {
  height: number;
}

/** A second viewer beside this page: another person, on a page with a sign-in of its own. */
export function Company({ room }: { room: string }) {
  const [isOpen, setOpen] = useCompany();
  const [isLeaving, setLeaving] = useState(false);
  const [height, setHeight] = useState(0);
  /** Whether the focus follows: not when a reload brings the viewer back. */
  const isAsked = useRef(false);

  useEffect(() => {
    const receive = ({ origin, data }: MessageEvent) => {
      if (origin !== location.origin) return;
      if (data === "leaving") setLeaving(true);
      if (typeof data === "object" && "height" in data) setHeight((data as Extent).height);
      if (data !== "left") return;
      isAsked.current = true;
      setLeaving(false);
      setOpen(false);
    };
    addEventListener("message", receive);
    return () => removeEventListener("message", receive);
  }, [setOpen]);

  const focus = useCallback((element: HTMLElement | null) => {
    if (element && isAsked.current) element.focus();
  }, []);

  function open() {
    isAsked.current = true;
    setOpen(true);
  }

  if (!isOpen) return <Slot open={open} focus={focus} />;
  return (
    <section
      ref={focus}
      className="viewer"
      aria-label="A second viewer"
      tabIndex={-1}
      hidden={isLeaving}
      style={{ "--height": `${height}px` } as CSSProperties}
    >
      {/* oxlint-disable-next-line react/iframe-missing-sandbox -- a page of this very site */}
      <iframe ref={setViewer} src={`/guest/${room}`} title="The second viewer’s page" />
    </section>
  );
}

/** The place of the second viewer, while there is none. */
function Slot({ open, focus }: { open(): void; focus(element: HTMLElement | null): void }) {
  return (
    <section className="slot" aria-label="A second viewer">
      <svg viewBox="0 0 64 48" aria-hidden="true">
        <rect x="1" y="1" width="38" height="46" rx="6" />
        <path d="M9 14h14M9 24h20M9 34h10" />
        <rect x="45" y="9" width="18" height="30" rx="5" className="second" />
        <path d="M51 19h6M51 27h4" className="second" />
      </svg>
      <h2>See it from the other side</h2>
      <p>
        Open the page of a second person here, beside yours. Whatever you do, watch what they see.
      </p>
      <button ref={focus} type="button" className="button primary" onClick={open}>
        Open a second viewer
      </button>
    </section>
  );
}
