import { use } from "react";

export interface Settings {
  /** For how long the room keeps the place of a lost connection (SPEC L4). */
  graceSeconds: number;
}

let asked: Promise<Settings> | undefined;

async function read(): Promise<Settings> {
  const response = await fetch("/demo/settings");
  if (!response.ok) throw new Error(`The service answered ${response.status}`);
  return (await response.json()) as Settings;
}

/** What a room does by default, for a page that the service did not answer. */
const DEFAULTS: Settings = { graceSeconds: 8 };

/** The service's settings; it suspends until they have come. */
export function useSettings(): Settings {
  asked ??= read().catch(() => DEFAULTS);
  return use(asked);
}
