export interface Reached {
  /** `nowMs` when it was so for every client; `null` where it was not in time. */
  atMs: number | null;
  /** How many it was so for. */
  clients: number;
}
