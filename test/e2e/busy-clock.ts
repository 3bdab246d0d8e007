import { readFileSync } from "node:fs";

/**
 * For how long a process ran, and for how long it was ready to run while the machine was busy with
 * others; in milliseconds.
 */
function timesOf(pid: number | "self"): { ran: number; waited: number } {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    return { ran: 0, waited: 0 };
  }
}

/** A moment, with how long this process and the server's had waited for the machine by then. */
export interface Moment {
  at: number;
  waited: number;
}

export function momentOf(server: { pid: number }): Moment {
  const waited = timesOf(server.pid).waited + timesOf("self").waited;
  return { at: performance.now(), waited };
}

/** The milliseconds between, without the time in which the machine was busy with other work. */
export function msBetween(from: Moment, to: Moment): number {
  return to.at - from.at - (to.waited - from.waited);
}
