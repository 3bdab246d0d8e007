/**
 * The order of the sign-ins on one connection: their checks take time, and may overtake each other
 * and what is sent after them (SPEC T3, T6).
 *
 * @example
 * const turn = signIns.begin();
 * signIns.voidAll();
 * signIns.isVoid(turn); // true
 */
export class SignInOrder {
  #begun = 0;
  #voided = 0;
  /** The latest that gave the connection a session. */
  #taken = 0;

  /** Begins one; answers its turn. */
  begin(): number {
    return ++this.#begun;
  }

  /** Voids all that are still being checked. */
  voidAll(): void {
    this.#voided = this.#begun;
  }

  isVoid(turn: number): boolean {
    return turn <= this.#voided;
  }

  /** Notes that one gave the connection a session. */
  take(turn: number): void {
    this.#taken = Math.max(this.#taken, turn);
  }

  /** Whether one that was sent later gave the connection a session meanwhile. */
  isOvertaken(turn: number): boolean {
    return turn < this.#taken;
  }
}
