import { readFileSync } from "node:fs";

/** What a tick of the kernel's accounting is, on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU that a process has used so far, in user and kernel mode, all threads, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold spaces: utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Memory that a process holds and shares with no other, in KiB. */
export function memoryKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const sum = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)![1]);
  return sum("Private_Dirty") + sum("Private_Clean");
}
