export interface Reached {
  /** `nowMs` when it was so for every client; `null` if it was not in time. */
  atMs: number | null;
  /** How many it was so for. */
  clients: number;
}
