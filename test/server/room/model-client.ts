import { applyDelta, applySnapshot, type Replica } from "../../../src/client/replica.ts";
import type { Delta, ServerFrame, Snapshot } from "../../../src/protocol/messages.ts";
import type { Connection } from "../../../src/server/room/connections/connection.ts";

/** A client: it applies what its socket gets, and keeps what it holds when it is cut off. */
export class Client {
  roll: Replica | null = null;
  readonly user: string;
  connection: Connection | null = null;
  /** Its socket, which carries its attachment through the room's sleep. */
  socket: WebSocket | null = null;
  /** All that its sockets got, and when. */
  readonly frames: { at: number; text: string }[] = [];
  /** Deltas that did not chain to what it held (SPEC W5). */
  readonly misfits: string[] = [];
  constructor(user: string) {
    this.user = user;
  }
  /** Opens a socket; `onState` hears what that says of the room. */
  open(onState: (state: Snapshot | Delta, text: string) => void): WebSocket {
    let attachment: unknown = null;
    const socket = {
      send: (text: string) => {
        const state = this.receive(text);
        if (state) onState(state, text);
      },
      serializeAttachment: (value: unknown) => void (attachment = value),
      deserializeAttachment: () => attachment,
      close() {},
    } as unknown as WebSocket;
    this.socket = socket;
    return socket;
  }
  /** Takes what its socket was sent; answers what that says of the room, `null` for nothing. */
  receive(text: string): Snapshot | Delta | null {
    const frame = JSON.parse(text) as ServerFrame;
    if (frame.type !== "snapshot" && frame.type !== "delta") return null;
    this.frames.push({ at: Date.now(), text });
    if (frame.type === "snapshot") {
      this.roll = applySnapshot(this.roll, frame);
      return frame;
    }
    const roll = applyDelta(this.roll, frame);
    // A throw from here would end in the connection's `send`, as one of a closing socket does.
    if (roll === null) this.misfits.push(`${this.roll?.version}: ${text}`);
    this.roll = roll;
    return frame;
  }
}

/** What a client holds of a room, without what else was in the frame that told it. */
export function heldIn(roll: Replica | null): Replica | null {
  if (roll === null) return null;
  const { epoch, version, online, connections, members } = roll;
  return { epoch, version, online, connections, members };
}
