import { memo, useState, useSyncExternalStore } from "react";
import { type LoggedFrame, readTraffic, subscribeToTraffic, type Traffic } from "./frame-log.ts";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const kilobytes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const ARROWS = { received: "↓", sent: "↑" } as const;

/** The frames of this page's rooms, latest first. */
export function Wire() {
  const latest = useSyncExternalStore(subscribeToTraffic, readTraffic);
  const [paused, setPaused] = useState<Traffic | null>(null);
  const { frames, bytes } = paused ?? latest;
  const missed = latest.count - (paused ?? latest).count;
  const several = new Set(frames.map(({ room }) => room)).size > 1;
  return (
    <section className="wire" aria-labelledby="wire">
      <header>
        <h2 id="wire">On the wire</h2>
        <p>
          Every frame of this page, newest first. Open one to read it. Heartbeats do not wake the
          room.
        </p>
        <p className="total">
          <span className="for-readers">received </span>
          <span aria-hidden="true">↓</span> {sizeOf(bytes.received)}
          <span className="for-readers">, sent </span>
          <span aria-hidden="true"> ↑</span> {sizeOf(bytes.sent)}
        </p>
        <button
          type="button"
          className="button small"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused ? null : latest)}
        >
          {paused ? (missed > 0 ? `Resume, ${missed} new` : "Resume") : "Pause"}
        </button>
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard */}
      <section className="frames" aria-label="Frames" tabIndex={0} data-several={several}>
        {frames.length === 0 ? (
          <p className="empty">
            Nothing yet: frames are shown here as soon as a socket is open. Over plain HTTP there
            are none.
          </p>
        ) : (
          <ol>
            {frames.map((frame) => (
              <Frame key={frame.number} frame={frame} />
            ))}
          </ol>
        )}
      </section>
    </section>
  );
}

function sizeOf(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${kilobytes.format(bytes / 1000)} kB`;
}

const Frame = memo(function Frame({ frame }: { frame: LoggedFrame }) {
  const { room, direction, at, type, times, lead, rest, bytes, text } = frame;
  const [isOpen, setOpen] = useState(false);
  return (
    <li data-direction={direction} data-type={type}>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <time dateTime={new Date(at).toISOString()}>{clock.format(at)}</time>
          <span className="for-readers">{direction}</span>
          <span className="arrow" aria-hidden="true">
            {ARROWS[direction]}
          </span>
          <span className="of">{room}</span>
          <b>{type}</b>
          <span className="words">
            {lead && <strong>{lead}</strong>} {rest}
          </span>
          {times > 1 && <span className="times">×{times}</span>}
          <span className="bytes">{sizeOf(bytes)}</span>
        </summary>
        {isOpen && <pre>{text}</pre>}
      </details>
    </li>
  );
});
