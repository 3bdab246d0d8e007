/** Published prices in dollars, of November 2026, beyond what a plan includes. */
export const PRICES = {
  workerRequest: 0.3 / 1e6,
  workerCpuMs: 0.02 / 1e6,
  /** Fetches, alarms and, at twenty to one, incoming messages. */
  objectRequest: 0.15 / 1e6,
  messagesPerRequest: 20,
  gigabyteSecond: 12.5 / 1e6,
  /** What an object is billed for while it runs. */
  objectGigabytes: 0.128,
  rowWritten: 1 / 1e6,
  rowRead: 0.001 / 1e6,
} as const;
