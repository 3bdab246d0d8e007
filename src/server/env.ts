import type { DirectoryObject } from "./directory/directory-object.ts";
import type { HubObject } from "./large/hub-object.ts";
import type { RoomObject } from "./room/room-object.ts";
import type { UserObject } from "./user/user-object.ts";

/** The bindings and variables of a deployment (SPEC C), as they come from `wrangler.jsonc`. */
export interface Env {
  ROOMS: DurableObjectNamespace<RoomObject>;
  /** Needed if there is a `SERVER_KEY`. */
  USERS?: DurableObjectNamespace<UserObject>;
  SESSIONS?: KVNamespace;
  SESSION_FORMAT?: string;
  SESSION_COOKIE?: string;
  SESSION_SECRET?: string;
  SESSION_JWKS_URL?: string;
  SESSION_ISSUER?: string;
  SESSION_AUDIENCE?: string;
  SESSION_CLAIMS?: string;
  SESSION_INTROSPECTION_URL?: string;
  SESSION_INTROSPECTION_HEADERS?: string;
  SESSION_SECONDS?: string | number;
  ALLOWED_ORIGINS?: string;
  MAX_CONNECTIONS_PER_USER?: string | number;
  MAX_CONNECTIONS_PER_ROOM?: string | number;
  MAX_ROOMS_PER_USER?: string | number;
  MAX_REMEMBERED?: string | number;
  STALE_SECONDS?: string | number;
  GRACE_SECONDS?: string | number;
  RETENTION_SECONDS?: string | number;
  TICKET_SECRET?: string;
  TICKET_SECONDS?: string | number;
  IN_BAND_AUTH?: string | boolean;
  RENEW?: string;
  SERVER_KEY?: string;
  JURISDICTION?: string;
  /** Lists the occupied rooms (SPEC B9); without the binding there is no list. */
  DIRECTORY?: DurableObjectNamespace<DirectoryObject>;
  WEBHOOK_URL?: string;
  WEBHOOK_SECRET?: string;
  WEBHOOK_ALLOW_PRIVATE?: string | boolean;
  PUBLIC_COUNTS?: string;
  WINDOW_ROOMS?: string;
  SIGNALS?: string | boolean;
  LARGE_ROOMS?: string;
  /** Needed if there are `LARGE_ROOMS`. */
  HUBS?: DurableObjectNamespace<HubObject>;
  /** Receives the metrics (SPEC O4); without the binding there are none. */
  METRICS?: AnalyticsEngineDataset;
  /** Limits connects, and credentials that fail; without the binding there is no limit (SPEC A7). */
  CONNECTS?: RateLimit;
  /** Limits what a user reads; without the binding there is no limit (SPEC A7). */
  READS?: RateLimit;
}

/** The context of a route's handler. */
export interface AppBindings {
  Bindings: Env;
  Variables: { requestId: string };
}
