import { isSame, type Since } from "../../protocol/since.ts";

/** Connections that were last sent the same state of the list. */
export interface Cohort {
  readonly state: Since;
  /** The ids of the entries that changed since. */
  readonly changed: ReadonlySet<string>;
}

/** Which state of the list each connection was last sent, and what has changed since (SPEC W5). */
export class Cohorts<Each> {
  /** The oldest first: a connection that is in no other one is in that. */
  #cohorts: (Cohort & { changed: Set<string> })[];
  readonly #of = new Map<Each, Cohort>();

  constructor(state: Since) {
    this.#cohorts = [{ state, changed: new Set() }];
  }

  /** Whether any connection has not been sent the last change. */
  get isBehind(): boolean {
    return this.#cohorts[0]!.changed.size > 0;
  }

  /** Notes the id of an entry that changed. */
  note(id: string): void {
    for (const { changed } of this.#cohorts) changed.add(id);
  }

  get all(): readonly Cohort[] {
    return this.#cohorts;
  }

  of(each: Each): Cohort {
    // Mostly there is only one, and this is called for every connection.
    if (this.#of.size === 0) return this.#cohorts[0]!;
    return this.#of.get(each) ?? this.#cohorts[0]!;
  }

  /** Notes the connections that were sent the present state of the list. */
  enter(all: Iterable<Each>, state: Since): void {
    let last = this.#cohorts.at(-1)!;
    if (last.changed.size > 0 || !isSame(last.state, state)) {
      last = { state, changed: new Set() };
      this.#cohorts.push(last);
    }
    const isFirst = last === this.#cohorts[0];
    for (const each of all) {
      if (isFirst) this.#of.delete(each);
      else this.#of.set(each, last);
    }
  }

  /** Notes that every connection was sent the present state of the list. */
  settle(state: Since): void {
    this.#cohorts = [{ state, changed: new Set() }];
    this.#of.clear();
  }

  /** Removes a connection that is sent nothing any more. */
  forget(each: Each): void {
    this.#of.delete(each);
  }
}
