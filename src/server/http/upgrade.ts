import { Refusal } from "../errors.ts";

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get("Upgrade")?.toLowerCase() === "websocket";
}

/**
 * Refuses an upgrade that the platform could not complete. For a request from the network it completes
 * the handshake after the Worker has answered, and could refuse it when the user has already joined.
 * Between Workers there is no handshake, and no `Host`.
 *
 * @throws Refusal `upgrade_required`.
 */
export function requireHandshake({ headers }: Request): void {
  const isComplete =
    headers.has("Sec-WebSocket-Key") && headers.get("Sec-WebSocket-Version") === "13";
  if (headers.has("Host") && !isComplete) throw new Refusal("upgrade_required");
}
