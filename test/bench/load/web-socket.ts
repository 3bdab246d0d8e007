import { connect, type Socket } from "node:net";
import { FrameReader } from "./frame-reader.ts";
import { Inflater } from "./inflater.ts";

export interface Upgrade {
  port: number;
  /** With its query. */
  path: string;
  /** Whole lines, `Name: value`. */
  headers: readonly string[];
  /** Whether it offers permessage-deflate, as every browser does. */
  offersDeflate: boolean;
}

export interface WebSocketEvents {
  onOpen(): void;
  /** The payload is valid only until the call returns. */
  onMessage(payload: Buffer): void;
  /** Once, however the socket ended; `refusal` is the status line where it never opened. */
  onClose(refusal?: string): void;
}

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** A mask is for proxies that misread; any will do here. */
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** All sockets of the process read into one buffer: nothing is allocated for what comes whole. */
const shared = Buffer.allocUnsafeSlow(1 << 18);

/**
 * A client's WebSocket that costs the generator a small part of what a delivery costs the server,
 * so that the server is what is measured.
 */
export class LeanWebSocket {
  readonly #socket: Socket;
  readonly #events: WebSocketEvents;
  readonly #reader: FrameReader;
  #inflater: Inflater | null = null;
  /** The answer to the upgrade as far as it has come; `null` once it is whole. */
  #answer: Buffer | null = Buffer.alloc(0);
  #refusal: string | undefined;
  #isLeaving = false;
  #onAnswered: (() => void) | null = null;
  /** Bytes received after the upgrade, as they came over the wire. */
  wireBytes = 0;

  constructor(upgrade: Upgrade, events: WebSocketEvents) {
    this.#events = events;
    this.#reader = new FrameReader((opcode, payload, compressed) =>
      this.#take(opcode, payload, compressed),
    );
    this.#socket = connect({
      port: upgrade.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length) => {
          this.#read(shared.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on("connect", () => this.#socket.write(requestText(upgrade)));
    // The other side's end ends this one too: no socket stays half closed.
    this.#socket.on("end", () => this.#socket.end());
    this.#socket.on("error", (error) => (this.#refusal ??= error.message));
    this.#socket.on("close", () => events.onClose(this.#refusal));
  }

  /** Whether what the server sends is compressed. */
  get isCompressed(): boolean {
    return this.#inflater !== null;
  }

  send(frame: string | Uint8Array): void {
    const opcode = typeof frame === "string" ? OPCODE.text : OPCODE.binary;
    this.#write(opcode, Buffer.from(frame as string));
  }

  /** Closes like a page that is left: with a close frame. */
  goAway(): void {
    this.#isLeaving = true;
    this.#write(OPCODE.close, Buffer.from([0x03, 0xe9]));
    this.#socket.end();
  }

  /** Closes like {@link goAway}; resolves when the server has answered, which may keep the connection. */
  leavePage(): Promise<void> {
    this.#isLeaving = true;
    this.#write(OPCODE.close, Buffer.from([0x03, 0xe9]));
    return new Promise((resolve) => {
      this.#onAnswered = resolve;
      this.#socket.once("close", () => resolve());
    });
  }

  /** Drops the connection without a close. */
  drop(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#answer === null) {
      this.wireBytes += chunk.length;
      this.#reader.read(chunk);
      return;
    }
    const answer = Buffer.concat([this.#answer, chunk]);
    const end = answer.indexOf("\r\n\r\n");
    this.#answer = answer;
    if (end < 0) return;
    const head = answer.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 101")) {
      this.#refusal = head.split("\r\n", 1)[0]!;
      this.#socket.destroy();
      return;
    }
    this.#answer = null;
    if (/^sec-websocket-extensions:.*permessage-deflate/im.test(head))
      this.#inflater = new Inflater();
    this.#events.onOpen();
    if (end + 4 < answer.length) this.#read(answer.subarray(end + 4));
  }

  #take(opcode: number, payload: Buffer, compressed: boolean): void {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) {
      this.#events.onMessage(compressed ? this.#inflater!.inflate(payload) : payload);
    } else if (opcode === OPCODE.ping) {
      this.#write(OPCODE.pong, Buffer.from(payload));
    } else if (opcode === OPCODE.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#onAnswered?.();
      if (!this.#isLeaving) this.#refusal ??= `closed: ${code}`;
      this.#write(OPCODE.close, Buffer.from(payload));
      this.#socket.end();
    }
  }

  #write(opcode: number, payload: Buffer): void {
    const small = payload.length < 126;
    const header = Buffer.allocUnsafe(small ? 6 : 8);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (small ? payload.length : 126);
    if (!small) header.writeUInt16BE(payload.length, 2);
    MASK.copy(header, small ? 2 : 4);
    for (let at = 0; at < payload.length; at++) payload[at]! ^= MASK[at & 3]!;
    if (this.#socket.writable) this.#socket.write(Buffer.concat([header, payload]));
  }
}

function requestText({ port, path, headers, offersDeflate }: Upgrade): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(offersDeflate
      ? ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]
      : []),
    ...headers,
    "\r\n",
  ].join("\r\n");
}
