import { constants, createInflateRaw, type InflateRaw } from "node:zlib";

/** What Node's streams hide: the one call that inflates at once, in this thread. */
interface Internals {
  _handle: {
    writeSync(
      flush: number,
      input: Buffer,
      inputAt: number,
      inputLength: number,
      output: Buffer,
      outputAt: number,
      outputLength: number,
    ): void;
  };
  /** Room left in the output, and input left, after a call. */
  _writeState: Uint32Array;
}

/** Ends a message's deflate block, which permessage-deflate leaves out (RFC 7692, 7.2.2). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** One for all sockets of the process: what is inflated is read before the next message comes. */
let output = Buffer.allocUnsafe(1 << 16);

/** Inflates the messages of one socket, which share a window. */
export class Inflater {
  readonly #stream: InflateRaw & Internals;

  constructor() {
    this.#stream = createInflateRaw({ chunkSize: 64 }) as InflateRaw & Internals;
  }

  /** The message's payload, good until the next call of any inflater. */
  inflate(message: Buffer): Buffer {
    const length = this.#write(TAIL, this.#write(message, 0));
    return output.subarray(0, length);
  }

  #write(input: Buffer, outputAt: number): number {
    let inputAt = 0;
    let at = outputAt;
    for (;;) {
      const left = input.length - inputAt;
      const { _handle: handle, _writeState: state } = this.#stream;
      handle.writeSync(
        constants.Z_SYNC_FLUSH,
        input,
        inputAt,
        left,
        output,
        at,
        output.length - at,
      );
      at = output.length - state[0]!;
      inputAt = input.length - state[1]!;
      if (state[0]! > 0) return at;
      const larger = Buffer.allocUnsafe(output.length * 2);
      output.copy(larger, 0, 0, at);
      output = larger;
    }
  }
}
