import { LIMITS } from "../room/model.ts";

/** What becomes of a call between two objects. */
export type Fate = "arrives" | "lost" | "answer lost" | "late" | "twice";

/** Longer than any caller waits: what it sends instead overtakes the call. */
const LATE_MS = 7_000;
const AGAIN_MS = 400;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = () => new Promise<never>(() => {});

/** The calls between the objects of a model: each takes its time, and may be lost, late or repeated. */
export class Network {
  /** Decides the next call's fate and its delay in milliseconds. */
  next: () => { fate: Fate; ms: number } = () => ({ fate: "arrives", ms: 1 });
  calls = 0;
  /** Objects that neither answer nor are heard until a time. */
  readonly #muted = new Map<string, number>();
  /** Until when calls of or to an object go wrong, or are under way and late. */
  readonly #faultyUntil = new Map<string, number>();
  /** When the hub last heard an object. */
  readonly #heardAt = new Map<string, number>();
  /** When an object was heard that had not been for `LIMITS.staleMs`. */
  readonly #silentUntil = new Map<string, number>();

  mute(object: string, ms: number): void {
    this.#muted.set(object, Date.now() + ms);
  }

  isMuted(object: string): boolean {
    return (this.#muted.get(object) ?? 0) > Date.now();
  }

  /** Ends all faults; a call that is late still arrives. */
  heal(): void {
    this.next = () => ({ fate: "arrives", ms: 1 });
    for (const [object, until] of this.#muted) {
      this.#muted.set(object, Math.min(until, Date.now()));
    }
  }

  /** When something last went wrong, or arrived that was late. */
  get lastFaultAt(): number {
    const objects = [...this.#muted.keys(), ...this.#faultyUntil.keys()];
    return Math.max(0, ...objects.map((object) => this.faultyAt(object)));
  }

  /** When something last went wrong with an object, or arrived from it or for it that was late. */
  faultyAt(object: string): number {
    const until = Math.max(this.#muted.get(object) ?? 0, this.#faultyUntil.get(object) ?? 0);
    return Math.min(Date.now(), until);
  }

  /** When the hub last heard an object; 0 for never. */
  heardAt(object: string): number {
    return this.#heardAt.get(object) ?? 0;
  }

  /** The last time at which the hub had not heard an object for `LIMITS.staleMs`. */
  silentAt(object: string): number {
    const isSilent = Date.now() - this.heardAt(object) >= LIMITS.staleMs;
    return isSilent ? Date.now() : (this.#silentUntil.get(object) ?? 0);
  }

  #hear(object: string): void {
    this.#silentUntil.set(object, this.silentAt(object));
    this.#heardAt.set(object, Date.now());
  }

  /** Calls `act` of an object. */
  async call<Result>(
    from: string,
    to: string,
    act: () => Result | Promise<Result>,
  ): Promise<Result> {
    this.calls++;
    const { fate, ms } = this.next();
    const isCut = () => [from, to].some((object) => this.isMuted(object));
    const isLost = isCut() || fate === "lost";
    if (fate !== "arrives") {
      const longest = fate === "late" ? LATE_MS : fate === "twice" ? ms + AGAIN_MS : ms;
      this.#noteFault([from, to], longest + 1);
    }
    await sleep(fate === "late" ? LATE_MS : ms);
    if (isLost || isCut()) return never();
    const answer = structuredClone(await act());
    if (to === "hub") this.#hear(from);
    if (fate === "answer lost") return never();
    if (fate === "twice") setTimeout(() => void act(), AGAIN_MS);
    await sleep(1);
    // Nobody waits any longer for an answer that is late.
    if (from === "hub" && fate !== "late") this.#hear(to);
    return answer;
  }

  #noteFault(objects: readonly string[], forMs: number): void {
    for (const object of objects) {
      const until = Math.max(this.#faultyUntil.get(object) ?? 0, Date.now() + forMs);
      this.#faultyUntil.set(object, until);
    }
  }
}
