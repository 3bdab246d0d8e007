import { useNow } from "./clock.ts";

const MINUTE_MS = 60_000;
const UNITS = [
  ["day", 24 * 60 * MINUTE_MS],
  ["hour", 60 * MINUTE_MS],
  ["minute", MINUTE_MS],
] as const;

/** Its short form is "3 min ago", without the full stop of other Englishes. */
const relative = new Intl.RelativeTimeFormat("en-GB", { style: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function describeAge(ms: number): string {
  const unit = UNITS.find(([, unitMs]) => ms >= unitMs);
  // Under a minute, or if this clock is behind the room's.
  return unit ? relative.format(-Math.floor(ms / unit[1]), unit[0]) : "just now";
}

/** "last online 3 min ago", updated over time. */
export function LastOnline({ at }: { at: string }) {
  const time = Date.parse(at);
  const age = useNow() - time;
  return (
    <>
      <span className="since">last online </span>
      <time dateTime={at} title={exact.format(time)}>
        {describeAge(age)}
      </time>
    </>
  );
}
