import type { Status } from "../../src/protocol/messages.ts";

export const STATUS_WORDS = {
  online: "Online",
  away: "Away",
  busy: "Busy",
  offline: "Offline",
} as const satisfies Record<Status, string>;

/** Each status has its own shape, so that nobody needs to distinguish colours. */
const SHAPES = {
  online: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  away: <path d="M9.6 2.2a4.7 4.7 0 0 0 4.2 6.9A6 6 0 1 1 9.6 2.2z" fill="currentColor" />,
  busy: (
    <path
      fillRule="evenodd"
      d="M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.4 7a1 1 0 0 0 0 2h5.2a1 1 0 0 0 0-2z"
      fill="currentColor"
    />
  ),
  offline: <circle cx="8" cy="8" r="4.6" fill="none" stroke="currentColor" strokeWidth="2.6" />,
  automatic: (
    <path
      d="M8 2.2v2M8 11.8v2M2.2 8h2M11.8 8h2M3.9 3.9l1.4 1.4M10.7 10.7l1.4 1.4M12.1 3.9l-1.4 1.4M5.3 10.7l-1.4 1.4"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
    />
  ),
};

/** A dot with the same meaning as the words beside it. */
export function StatusMark({ status }: { status: Status | "automatic" }) {
  return (
    <svg className="mark" data-status={status} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}
