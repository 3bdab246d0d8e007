import type { Status } from "../../src/protocol/messages.ts";

/** The statuses to choose from; `null` is automatic. */
export const STATUS_OPTIONS: readonly { status: Status | null; label: string; hint: string }[] = [
  { status: null, label: "Automatic", hint: "Online while you are here" },
  { status: "online", label: "Online", hint: "Even while you look elsewhere" },
  { status: "away", label: "Away", hint: "Back in a while" },
  { status: "busy", label: "Busy", hint: "Here, but please not now" },
  { status: "offline", label: "Appear offline", hint: "Others see you as gone" },
];
