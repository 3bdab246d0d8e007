/**
 * What had changed could not be written: memory and storage disagree from here on, and the room must
 * start anew from what is durable (SPEC L6).
 */
export class WriteFailure extends Error {
  constructor(cause: unknown) {
    super("What had changed could not be written.", { cause });
    this.name = "WriteFailure";
  }
}

/**
 * Runs what writes a change that memory has already.
 *
 * @throws WriteFailure with what went wrong as its cause.
 */
export function orWriteFailure<Result>(write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    throw new WriteFailure(error);
  }
}
