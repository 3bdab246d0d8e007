/**
 * A change could not be written. From here on, memory and storage disagree, so the room must restart
 * from what is durable (SPEC L6).
 */
export class WriteFailure extends Error {
  constructor(cause: unknown) {
    super("What had changed could not be written.", { cause });
    this.name = "WriteFailure";
  }
}

/**
 * Runs a write of a change that memory already has.
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
