import type { Delta, Snapshot } from "../../../src/protocol/messages.ts";
import type { Page } from "./window-client.ts";

/** How a user was first shown as absent, and to whom. */
export interface Absence {
  user: string;
  /** In milliseconds since 1970. */
  at: number;
  shownTo: string;
}

/** Watches windows for users who should be in them and are missing, or shown offline. */
export class Absences {
  /** Whom everybody is shown. */
  readonly #first: ReadonlySet<string>;
  readonly #found = new Map<string, Absence>();

  constructor(first: readonly string[]) {
    this.#first = new Set(first);
  }

  /** Looks at a state that a window was sent. */
  look({ user: shownTo, watched }: Page, state: Snapshot | Delta): void {
    const isExpected = (id: string) => this.#first.has(id) || watched.includes(id);
    const members = state.type === "snapshot" ? state.members : state.set;
    const absent = members.flatMap(({ id, status }) => (status === "offline" ? [id] : []));
    if (state.type === "delta") absent.push(...state.gone);
    else {
      const shown = new Set(members.map(({ id }) => id));
      absent.push(...[...this.#first, ...watched].filter((id) => !shown.has(id)));
    }
    for (const user of absent) {
      if (!isExpected(user) || this.#found.has(user)) continue;
      this.#found.set(user, { user, at: Date.now(), shownTo });
    }
  }

  /** Those that were found since the last call. */
  take(): Absence[] {
    const found = [...this.#found.values()];
    this.#found.clear();
    return found;
  }
}
