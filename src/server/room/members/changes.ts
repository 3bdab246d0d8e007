import type { Departure } from "../../user/user-object.ts";
import type { MemberRecord } from "./member.ts";

/** Where a connection belongs. */
export interface ConnectionRef {
  user: string;
  connection: string;
}

/** What happened in a room since it was last asked: what to store, and whom others see changed. */
export interface Changes {
  saved: MemberRecord[];
  forgotten: string[];
  /** Whose entry on the list changed, came or went: its JSON before, `undefined` for none. */
  visible: ReadonlyMap<string, string | undefined>;
  /** Leases that were not renewed. */
  expired: ConnectionRef[];
  /** Who has no place any more. */
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

  /** Notes a change that others see; of several the first tells what was before. */
  show(id: string, before: string | undefined): void {
    if (!this.#visible.has(id)) this.#visible.set(id, before);
  }

  expire(ref: ConnectionRef): void {
    this.#expired.push(ref);
  }

  /** Notes who has no place any more; of several departures of one member the last counts. */
  depart(departure: Departure): void {
    this.#departed.set(departure.user, departure);
  }

  /** Whether a member had their last place end, and it was not handed over yet. */
  departureOf(user: string): Departure | undefined {
    return this.#departed.get(user);
  }

  /** Hands over what was gathered since the last call that went well; where `take` throws, it is kept. */
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
