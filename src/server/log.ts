import type { ErrorCode } from "./errors.ts";
import { measure } from "./metrics.ts";

/** The keys a log line may carry (SPEC O3); never a credential, nor any part of one. */
interface LogFields {
  room?: string | undefined;
  user?: string | undefined;
  connection?: string | undefined;
  requestId?: string | undefined;
  reason?: string | undefined;
  /** For a connection that only watches (SPEC S1). */
  present?: false;
  /** What was wrong with a refused session (SPEC A2). */
  detail?: string | undefined;
  /** The origin that was refused (SPEC A3). */
  origin?: string | undefined;
  code?: ErrorCode | "webhook_failed" | "webhook_dead" | undefined;
}

/**
 * Writes one JSON line.
 *
 * @example
 * log("leave", { room: "lobby", user: "ada", connection: "7d3c…", reason: "left" });
 */
export function log(
  event: "join" | "leave" | "refused" | "failure" | "warning",
  fields: LogFields,
): void {
  console.log(JSON.stringify({ event, ...fields }));
  const { room = "", reason = "", code = "", present = true } = fields;
  // Failures and warnings are for people to read; the others are counted.
  if (event === "failure" || event === "warning") return;
  measure({ event, room, detail: event === "leave" ? reason : code, isWatcher: !present });
}

/** A text that describes any thrown value. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { name, message, cause } = thrown;
  const because = cause === undefined ? "" : ` (${describeError(cause)})`;
  return `${name}: ${message}${because}`;
}
