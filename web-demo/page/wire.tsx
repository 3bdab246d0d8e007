import { useSyncExternalStore } from "react";
import { type LoggedFrame, readFrames, subscribeToFrames } from "./frame-log.ts";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const ARROWS = { received: "↓", sent: "↑" } as const;

/** The frames of this page's rooms, latest first. */
export function Wire() {
  const frames = useSyncExternalStore(subscribeToFrames, readFrames);
  return (
    <section className="wire" aria-labelledby="wire">
      <header>
        <h2 id="wire">On the wire</h2>
        <p>Every frame, as it comes and goes. A heartbeat wakes no room.</p>
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard */}
      <section className="frames" aria-label="Frames" tabIndex={0}>
        <ol>
          {frames.map((frame) => (
            <Frame key={frame.number} frame={frame} />
          ))}
        </ol>
      </section>
    </section>
  );
}

function Frame({ frame: { room, direction, at, type, rest } }: { frame: LoggedFrame }) {
  return (
    <li data-direction={direction} data-type={type}>
      <time dateTime={new Date(at).toISOString()}>{clock.format(at)}</time>
      <span className="for-readers">{direction}</span>
      <span className="arrow" aria-hidden="true">
        {ARROWS[direction]}
      </span>
      <span className="of">{room}</span>
      <code>
        <b>{type}</b> {rest}
      </code>
    </li>
  );
}
