import type { Member } from "./member.ts";

/** The content of an event: what others saw happen in a room (SPEC H2). */
export type EventContent =
  | { type: "member.online" | "member.offline" | "member.updated"; member: Member }
  | { type: "room.occupied" | "room.vacated" };

/** An event as it is sent; `timestamp` is ISO 8601 (SPEC H3). */
export interface WebhookEvent {
  type: EventContent["type"];
  timestamp: string;
  data: {
    room: string;
    epoch: string;
    version: number;
    /** In a large room: the shard that reports a member; each has epochs and sequences of its own. */
    shard?: number;
    sequence: number;
    member?: Member;
  };
}

/** The body of a request: what happened since the last one, at most 100 events, in order. */
export interface WebhookMessage {
  events: WebhookEvent[];
}
