import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Enough at once that the far end is what limits a flood. */
const BLOCK_BYTES = 64 * 1024;

const TEXT = 0x81;
const BINARY = 0x82;

/** A frame as it goes over the wire; its mask is zero, so that the payload is what it was. */
export function encodeFrame(payload: string | Uint8Array, opcode?: number): Buffer {
  const body = Buffer.from(payload as string);
  const isLong = body.length >= 2 ** 16;
  const isMedium = !isLong && body.length >= 126;
  const head = Buffer.alloc(2 + (isLong ? 8 : isMedium ? 2 : 0) + 4);
  head[0] = opcode ?? (typeof payload === "string" ? TEXT : BINARY);
  head[1] = 0x80 | (isLong ? 127 : isMedium ? 126 : body.length);
  if (isLong) head.writeBigUInt64BE(BigInt(body.length), 2);
  else if (isMedium) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A peer that breaks the rules of WebSockets: it continues after a close, and may not read. */
export class RawSocket {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Opens a WebSocket; `path` has its query. */
  static async open(
    port: number,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<RawSocket> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    // It may be cut at any time.
    socket.on("error", () => {});
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    const [status] = head.toString("latin1").split("\r\n", 1);
    if (!status!.startsWith("HTTP/1.1 101")) throw new Error(`Not opened: ${status}`);
    socket.resume();
    return new RawSocket(socket);
  }

  get isOpen(): boolean {
    return this.socket.writable;
  }

  /** Stops reading. */
  stopReading(): void {
    this.socket.pause();
  }

  send(payload: string | Uint8Array): void {
    if (this.isOpen) this.socket.write(encodeFrame(payload));
  }

  /** Sends a frame so many times, as fast as they are taken; returns how many were sent. */
  async flood(payload: string | Uint8Array, times: number): Promise<number> {
    const frame = encodeFrame(payload);
    const each = Math.max(1, Math.floor(BLOCK_BYTES / frame.length));
    let sent = 0;
    while (sent < times && this.isOpen) {
      const count = Math.min(each, times - sent);
      const block = Buffer.concat(Array.from({ length: count }, () => frame));
      sent += count;
      if (this.socket.write(block)) await new Promise(setImmediate);
      else await Promise.race([once(this.socket, "drain"), once(this.socket, "close")]);
    }
    return sent;
  }

  /** Ends it at once, with what the far end has not taken yet. */
  cut(): void {
    this.socket.destroy();
  }

  /** Ends it behind all that was sent; resolves when the far end has ended it, too. */
  async finish(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = once(this.socket, "close");
    this.socket.end();
    await closed;
  }
}
