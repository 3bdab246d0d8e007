import { applyDelta, applySnapshot, type Replica } from "../../../src/client/replica.ts";
import type { Delta, ServerFrame, Snapshot } from "../../../src/protocol/messages.ts";
import type { Connection } from "../../../src/server/room/connections/connection.ts";

/** A client: it applies what its socket receives, and keeps its state when it is cut off. */
export class Client {
  roll: Replica | null = null;
  readonly user: string;
  connection: Connection | null = null;
  /** Its socket, which keeps its attachment through hibernation. */
  socket: WebSocket | null = null;
  /** Everything that its sockets received, and when. */
  readonly frames: { at: number; text: string }[] = [];
  /** Deltas that did not chain to what it held (SPEC W5). */
  readonly misfits: string[] = [];
  constructor(user: string) {
    this.user = user;
  }
  /** Opens a socket; `onState` gets the room states that it receives. */
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
  /** Takes a frame of its socket; returns the room state in it, `null` for none. */
  receive(text: string): Snapshot | Delta | null {
    const frame = JSON.parse(text) as ServerFrame;
    if (frame.type !== "snapshot" && frame.type !== "delta") return null;
    this.frames.push({ at: Date.now(), text });
    if (frame.type === "snapshot") {
      this.roll = applySnapshot(this.roll, frame);
      return frame;
    }
    const roll = applyDelta(this.roll, frame);
    // An error thrown here would reach the connection's `send`, like that of a closing socket.
    if (roll === null) this.misfits.push(`${this.roll?.version}: ${text}`);
    this.roll = roll;
    return frame;
  }
}

/** A client's state of a room, without the other keys of the frame. */
export function heldIn(roll: Replica | null): Replica | null {
  if (roll === null) return null;
  const { epoch, version, online, connections, members } = roll;
  return { epoch, version, online, connections, members };
}
