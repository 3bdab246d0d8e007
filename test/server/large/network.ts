import { vi } from "vitest";

/** What becomes of a call between two objects. */
export type Fate = "arrives" | "lost" | "answer lost" | "late";

const LATE_MS = 7_000;

/** The calls between the objects of a model: each takes its time, and may be lost or late. */
export class Network {
  /** Decides the next call's fate and its delay in milliseconds. */
  next: () => { fate: Fate; ms: number } = () => ({ fate: "arrives", ms: 1 });
  /** Objects that answer nothing until a time. */
  readonly #muted = new Map<string, number>();
  calls = 0;

  mute(object: string, ms: number): void {
    this.#muted.set(object, Date.now() + ms);
  }

  isMuted(object: string): boolean {
    return (this.#muted.get(object) ?? 0) > Date.now();
  }

  heal(): void {
    this.next = () => ({ fate: "arrives", ms: 1 });
    this.#muted.clear();
  }

  /** Calls `act` of an object. */
  async call<Result>(to: string, act: () => Result | Promise<Result>): Promise<Result> {
    this.calls++;
    const { fate, ms } = this.next();
    const isLost = fate === "lost" || this.isMuted(to);
    await new Promise((resolve) => setTimeout(resolve, fate === "late" ? LATE_MS : ms));
    if (isLost || this.isMuted(to)) return new Promise(() => {});
    const answer = structuredClone(await act());
    if (fate === "answer lost") return new Promise(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1));
    return answer;
  }
}

/** Lets so much time pass. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
