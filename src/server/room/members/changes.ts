import type { Departure } from "../../user/user-object.ts";
import type { MemberRecord } from "./member.ts";

/** A connection and its user. */
export interface ConnectionRef {
  user: string;
  connection: string;
}

/** The changes since the last commit: what to store, and which entries others see changed. */
export interface Changes {
  saved: MemberRecord[];
  forgotten: string[];
  /** The entries on the list that changed: their JSON before, `undefined` for none. */
  visible: ReadonlyMap<string, string | undefined>;
  /** Leases that were not renewed. */
  expired: ConnectionRef[];
  /** Members whose last place ended. */
  departed: Departure[];
}

/** Gathers {@link Changes}. */
export class ChangeLog {
  readonly #saved = new Set<MemberRecord>();
  readonly #forgotten = new Set<string>();
  readonly #visible = new Map<string, string | undefined>();
  #expired: ConnectionRef[] = [];
  readonly #departed = new Map<string, Departure>();

  get isEmpty(): boolean {
    return this.#saved.size + this.#forgotten.size + this.#visible.size === 0;
  }

  save(record: MemberRecord): void {
    this.#saved.add(record);
  }

  forget(record: MemberRecord): void {
    this.#saved.delete(record);
    this.#forgotten.add(record.id);
  }

  /** Notes a change that others see; the first of several has the entry as it was before. */
  show(id: string, before: string | undefined): void {
    if (!this.#visible.has(id)) this.#visible.set(id, before);
  }

  expire(ref: ConnectionRef): void {
    this.#expired.push(ref);
  }

  /** Notes that a member's last place ended; the last of several departures counts. */
  depart(departure: Departure): void {
    this.#departed.set(departure.user, departure);
  }

  /** The departure of a member that was not handed over yet. */
  departureOf(user: string): Departure | undefined {
    return this.#departed.get(user);
  }

  /** Hands over what was gathered since the last successful call; if `take` throws, it is kept. */
  pass(take: (changes: Changes) => void): void {
    take({
      saved: [...this.#saved],
      forgotten: [...this.#forgotten],
      visible: new Map(this.#visible),
      expired: this.#expired,
      departed: [...this.#departed.values()],
    });
    this.#saved.clear();
    this.#forgotten.clear();
    this.#visible.clear();
    this.#expired = [];
    this.#departed.clear();
  }
}
