import type { Untagged } from "../../src/server/room/room-request.ts";

/** Asks a room as a Worker of 0.1.0 does, whose requests say by their keys alone what they ask. */
export function fromOldWorker(request: Untagged): RequestInit {
  return {
    headers: {
      "x-rollcall-request": encodeURIComponent(JSON.stringify(request)),
      ...(request.joiner && !request.lease && { Upgrade: "websocket" }),
    },
  };
}
