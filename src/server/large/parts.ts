import type { Envelope, SentMember } from "./messages.ts";

/** A message, or a part of one. */
type Part = Pick<Envelope, "whole" | "more"> & {
  set: readonly SentMember[];
  gone: readonly string[];
};

/** What a message says, all its parts together. */
export interface Changes {
  set: readonly SentMember[];
  gone: readonly string[];
}

/** The parts of a message that have come, until the last one has. */
export class Parts {
  /** The newest entry of each id; `null` for an id that is gone. */
  #entries: Map<string, SentMember | null> | null = null;
  #isWhole = false;

  /**
   * Takes a message or the next part of one; returns what changes once the last part has come. What a
   * message with everything does not have is gone: `known` returns the ids known so far.
   */
  take({ whole, more, set, gone }: Part, known: () => Iterable<string>): Changes | null {
    if (this.#entries === null && !whole && !more) return { set, gone };
    if (whole) this.#isWhole = true;
    if (whole || this.#entries === null) this.#entries = new Map();
    for (const member of set) this.#entries.set(member[0], member);
    for (const id of gone) this.#entries.set(id, null);
    return more ? null : this.#end(this.#entries, known);
  }

  clear(): void {
    this.#entries = null;
    this.#isWhole = false;
  }

  #end(entries: Map<string, SentMember | null>, known: () => Iterable<string>): Changes {
    if (this.#isWhole) for (const id of known()) if (!entries.has(id)) entries.set(id, null);
    this.clear();
    const set = [...entries.values()].filter((member) => member !== null);
    const gone = [...entries].filter(([, member]) => member === null).map(([id]) => id);
    return { set, gone };
  }
}
