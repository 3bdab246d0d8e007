import type { Since } from "../../protocol/since.ts";
import type { Connection } from "./connections/connection.ts";

/** What a room answered before it had loaded its members and sockets. */
export interface FirstAnswer {
  /** Whose frame it was. */
  connection: Connection;
  /** The state that everybody holds. */
  heldState: Since;
  /** The ids of the entries that changed since. */
  changed: string[];
}
