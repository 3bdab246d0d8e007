const LITERAL = /^(?:`(.+)`|(\d+))$/;

/** A default as a document states it: its text or number; `undefined` if the key is not set. */
export type DocumentedDefault = string | number | undefined;

function readDefault(cell: string): DocumentedDefault {
  const [, text, digits] = LITERAL.exec(cell) ?? [];
  return digits === undefined ? text : Number(digits);
}

/**
 * The configuration keys in a document's table, with their defaults; a row may have several keys, and
 * an id before them.
 *
 * @example
 * readSettings("| **C17** | `STALE_SECONDS` | 45 | L3 |"); // Map { "STALE_SECONDS" => 45 }
 */
export function readSettings(document: string): Map<string, DocumentedDefault> {
  const rows = document.split("\n").filter((line) => line.startsWith("| "));
  return new Map(
    rows.flatMap((row) => {
      const cells = row.split("|").map((cell) => cell.trim());
      const at = /^\*\*C\d+\*\*$/.test(cells[1]!) ? 2 : 1;
      const keys = [...cells[at]!.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, key]) => key!);
      return keys.map((key) => [key, readDefault(cells[at + 1]!)] as const);
    }),
  );
}
