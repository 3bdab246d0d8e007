export const STATUSES = ["online", "away", "busy", "offline"] as const;

export type Status = (typeof STATUSES)[number];

/** `data` longer than this is refused (SPEC W8), in bytes of its JSON. */
export const MAX_DATA_BYTES = 1024;

/** A member's own data: any JSON object of at most 1 KiB. */
export type Data = Record<string, unknown>;

/** A user as everybody in the room sees them (SPEC R4). `lastOnline` is ISO 8601. */
export interface Member<D extends object = Data> {
  id: string;
  name: string;
  image?: string;
  status: Status;
  connections: number;
  lastOnline: string | null;
  data?: D;
}
