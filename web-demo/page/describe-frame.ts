import type { ClientFrame, Delta, Member, ServerFrame } from "../../src/protocol/messages.ts";

/** A frame in a line: what matters first. */
export interface FrameWords {
  lead: string;
  rest: string;
}

const MOST_NAMES = 3;
const ID_LENGTH = 8;

/** The beginning of a long id, which is enough to tell ids apart by eye. */
export function shortId(id: string): string {
  return id.length > ID_LENGTH + 1 ? `${id.slice(0, ID_LENGTH)}…` : id;
}

export function describeFrame(frame: ServerFrame | ClientFrame): FrameWords {
  switch (frame.type) {
    case "delta":
      return describeDelta(frame);
    case "snapshot":
      return {
        lead: `${frame.members.length} on the list`,
        rest: `version ${frame.version}, ${frame.online} online`,
      };
    case "welcome":
      return {
        lead: frame.self ? `you are ${shortId(frame.self.id)}` : "you watch",
        rest: `connection ${shortId(frame.connection)}, heartbeat ${frame.heartbeat} s`,
      };
    case "signals":
      return {
        lead: [...new Set(frame.signals.map(({ name }) => name))].join(", "),
        rest: `from ${[...new Set(frame.signals.map(({ from }) => shortId(from)))].join(", ")}`,
      };
    case "signal":
      return { lead: frame.name, rest: JSON.stringify(frame.data ?? null) };
    default: {
      const { type: _, ...rest } = frame;
      return { lead: "", rest: compact(rest) };
    }
  }
}

function describeDelta({ set, gone, from, version, online }: Delta): FrameWords {
  const changed = [...set.map(describeMember), ...gone.map((id) => `${shortId(id)} forgotten`)];
  const more = changed.length - MOST_NAMES;
  const shown = changed.slice(0, MOST_NAMES).join(", ");
  return {
    lead: changed.length === 0 ? "nothing new" : more > 0 ? `${shown} +${more}` : shown,
    rest: `version ${from} → ${version}, ${online} online`,
  };
}

function describeMember({ name, status, connections }: Member): string {
  return connections > 1 ? `${name} ${status}, ${connections} tabs` : `${name} ${status}`;
}

/** `{"status":"busy","id":"2"}` as `status busy, id 2`. */
function compact(fields: object): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key} ${compactValue(value)}`)
    .join(", ");
}

function compactValue(value: unknown): string {
  return typeof value === "string" ? shortId(value) : JSON.stringify(value);
}
