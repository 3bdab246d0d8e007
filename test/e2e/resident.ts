import { readFileSync } from "node:fs";

const SAMPLE_MS = 50;

/** The memory of a process. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** By how much the memory of a process grew at most while something was done. */
export async function peakGrowthMb(pid: number, act: () => Promise<unknown>): Promise<number> {
  const before = residentMb(pid);
  let peak = before;
  const sample = () => {
    peak = Math.max(peak, residentMb(pid));
  };
  const sampling = setInterval(sample, SAMPLE_MS);
  try {
    await act();
    sample();
  } finally {
    clearInterval(sampling);
  }
  return peak - before;
}
