import type { Untagged } from "../../src/server/room/room-request.ts";

/** Sends a room a request of a Worker of 0.1.0, whose keys identify its kind. */
export function fromOldWorker(request: Untagged): RequestInit {
  return {
    headers: {
      "x-rollcall-request": encodeURIComponent(JSON.stringify(request)),
      ...(request.joiner && !request.lease && { Upgrade: "websocket" }),
    },
  };
}
