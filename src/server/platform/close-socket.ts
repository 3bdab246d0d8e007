/** The codes below 3000 that may be sent; the platform throws for others, but a peer may send any. */
const SENDABLE = new Set([1000, 1001, 1011, 1012]);

/**
 * Closes a socket with a code, or with `instead` if that code cannot be sent: a peer's close may have
 * any code. The platform does not answer a close by itself (SPEC W13).
 */
export function closeSocket(ws: WebSocket, code: number, reason: string, instead = 1000): void {
  const canSend = SENDABLE.has(code) || (code >= 3000 && code <= 4999);
  try {
    ws.close(canSend ? code : instead, reason);
  } catch {
    // Closed already.
  }
}
