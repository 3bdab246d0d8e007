import { awareness } from "./awareness.ts";
import type { Dialect } from "./dialect.ts";
import { partyServer, wsDiffs } from "./diffs.ts";
import { floor, storingFloor } from "./floor.ts";
import { rollcall } from "./rollcall.ts";
import { socketIo } from "./socket-io.ts";
import { socketCluster } from "./socketcluster.ts";

/** By the names of the systems. */
export const DIALECTS = {
  Rollcall: rollcall,
  floor,
  "storing floor": storingFloor,
  PartyServer: partyServer,
  "y-partyserver": awareness,
  "Socket.IO": socketIo,
  "Socket.IO, Redis": socketIo,
  SocketCluster: socketCluster,
  ws: wsDiffs,
} as const satisfies Record<string, Dialect>;

export type SystemName = keyof typeof DIALECTS;
