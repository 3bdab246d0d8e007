/** Takes one frame's payload; it is valid only until the call returns. */
export type OnFrame = (opcode: number, payload: Buffer, compressed: boolean) => void;

const NOTHING = Buffer.alloc(0);

/**
 * Splits what a server sends into frames. A browser's cost is not measured here, so this does as
 * little as possible: it copies only payloads that arrive in pieces, and checks no UTF-8.
 */
export class FrameReader {
  readonly #onFrame: OnFrame;
  /** The beginning of a frame whose header has not come whole. */
  #rest = NOTHING;
  /** A payload that comes in pieces, and how much of it has come. */
  #body: Buffer | null = null;
  #filled = 0;
  #first = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  read(chunk: Buffer): void {
    let at = 0;
    if (this.#body !== null) {
      at = this.#fill(this.#body, chunk, 0);
      if (at === chunk.length && this.#body !== null) return;
    }
    let data = at === 0 ? chunk : chunk.subarray(at);
    if (this.#rest.length > 0) {
      data = Buffer.concat([this.#rest, data]);
      this.#rest = NOTHING;
    }
    this.#split(data);
  }

  #split(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      const header = headerLength(data, at);
      if (at + header > data.length) break;
      const length = payloadLength(data, at, header);
      const start = at + header;
      if (start + length > data.length) {
        this.#first = data[at]!;
        this.#body = Buffer.allocUnsafe(length);
        this.#filled = 0;
        this.#fill(this.#body, data, start);
        return;
      }
      this.#emit(data[at]!, data.subarray(start, start + length));
      at = start + length;
    }
    // The chunk is a view of a buffer that the next read overwrites.
    if (at < data.length) this.#rest = Buffer.from(data.subarray(at));
  }

  /** Copies what belongs to the body; returns where the rest of the chunk begins. */
  #fill(body: Buffer, chunk: Buffer, from: number): number {
    const copied = chunk.copy(body, this.#filled, from);
    this.#filled += copied;
    if (this.#filled === body.length) {
      this.#body = null;
      this.#emit(this.#first, body);
    }
    return from + copied;
  }

  #emit(first: number, payload: Buffer): void {
    this.#onFrame(first & 0x0f, payload, (first & 0x40) !== 0);
  }
}

/** 2, 4 or 10 bytes; a server's frame has no mask. */
function headerLength(data: Buffer, at: number): number {
  if (at + 1 >= data.length) return 2;
  const length = data[at + 1]! & 0x7f;
  if (length < 126) return 2;
  return length === 126 ? 4 : 10;
}

function payloadLength(data: Buffer, at: number, header: number): number {
  if (header === 2) return data[at + 1]! & 0x7f;
  return header === 4 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
}
