/** A position in a room's history: the last state of a client. */
export interface Since {
  epoch: string;
  version: number;
}

const PATTERN = /^([\w-]{1,64})\.(\d{1,15})$/;

/** Writes `<epoch>.<version>`, as `?since=` and the `ETag` carry it (SPEC R5, R6). */
export function formatSince({ epoch, version }: Since): string {
  return `${epoch}.${version}`;
}

/**
 * Reads `<epoch>.<version>`; `null` if it is malformed.
 *
 * @example
 * parseSince("5f0c.12"); // { epoch: "5f0c", version: 12 }
 */
export function parseSince(text: string): Since | null {
  const match = PATTERN.exec(text);
  return match ? { epoch: match[1]!, version: Number(match[2]) } : null;
}

/** Whether two positions are the same. */
export function isSame(a: Since, b: Since): boolean {
  return a.epoch === b.epoch && a.version === b.version;
}
