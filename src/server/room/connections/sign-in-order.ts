/**
 * The order of the sign-ins on one connection: their checks take time, so they may finish out of
 * order, or after a `logout` that was sent later (SPEC T3, T6).
 *
 * @example
 * const turn = signIns.begin();
 * signIns.voidAll();
 * signIns.isVoid(turn); // true
 */
export class SignInOrder {
  #begun = 0;
  #voided = 0;
  /** The latest sign-in that gave the connection a session. */
  #taken = 0;

  /** Begins a sign-in; returns its turn. */
  begin(): number {
    return ++this.#begun;
  }

  /** Voids the sign-ins that are still being checked. */
  voidAll(): void {
    this.#voided = this.#begun;
  }

  isVoid(turn: number): boolean {
    return turn <= this.#voided;
  }

  /** Notes that a sign-in gave the connection a session. */
  take(turn: number): void {
    this.#taken = Math.max(this.#taken, turn);
  }

  /** Whether a later sign-in has given the connection a session meanwhile. */
  isOvertaken(turn: number): boolean {
    return turn < this.#taken;
  }
}
