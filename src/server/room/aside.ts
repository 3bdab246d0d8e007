/** What a part of the room needs that talks to others, outside of any event. */
export interface Aside {
  /** Keeps the room awake while it talks: one that sleeps has nothing left to say. */
  keepAwake: (work: Promise<void>) => void;
  /** Runs what follows an answer or a timer, and sees to its faults. */
  guard: (act: () => void) => void;
  /** To be called when the room may sleep again, or be forgotten. */
  settle: (now: number) => void;
}
