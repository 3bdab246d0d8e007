import type { DirectoryObject } from "../directory/directory-object.ts";
import type { Env } from "../env.ts";
import type { OwnClaims } from "../session/claims.ts";
import type { HubObject } from "../large/hub-object.ts";
import type { RoomObject } from "../room/room-object.ts";
import type { UserObject } from "../user/user-object.ts";

/** How a credential is checked. */
export interface SessionConfig {
  /** The name of its format. */
  readonly format: string;
  /** Empty: the format's own names. */
  readonly cookies: readonly string[];
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly introspectionUrl: string | undefined;
  /** Other names of claims (`SESSION_CLAIMS`). */
  readonly claims: OwnClaims;
  /** Headers to send with each request, beside the cookies. */
  readonly introspectionHeaders: Readonly<Record<string, string>>;
  /** How long a session without an expiry lasts. */
  readonly sessionMs: number;
  readonly store: KVNamespace | undefined;
}

/** The limits and times of a room. */
export interface RoomLimits {
  readonly maxConnectionsPerUser: number;
  readonly maxConnectionsPerRoom: number;
  /** How many offline members stay on the list (SPEC L5). */
  readonly maxRemembered: number;
  readonly staleMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** How tickets are signed, newest secret first. */
export interface TicketConfig {
  readonly secrets: readonly string[];
  readonly ticketMs: number;
}

/** How the service renews sessions by itself. */
export interface RenewalConfig {
  readonly secrets: readonly string[];
  readonly sessionMs: number;
}

/** Where webhooks are sent, and their secrets, newest first. */
export interface WebhookConfig {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** The number of shards of rooms with a name, or, with a trailing `*`, with its beginning. */
export interface LargeRooms {
  readonly pattern: string;
  readonly shards: number;
}

/** The whole configuration, complete: a faulty key has its default. */
export interface Config {
  readonly session: SessionConfig;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: RoomLimits;
  /** `null` if no tickets are issued (SPEC T1). */
  readonly tickets: TicketConfig | null;
  /** Whether a socket may open before its user has signed in (SPEC T2). */
  readonly inBandAuth: boolean;
  /** `null` if clients renew by themselves (SPEC T5). */
  readonly renewal: RenewalConfig | null;
  /** The keys of the app's backend (SPEC B5); empty if there is none. */
  readonly serverKeys: readonly string[];
  /** `null` if rooms are not listed (SPEC B9). */
  readonly directory: DurableObjectNamespace<DirectoryObject> | null;
  readonly rooms: DurableObjectNamespace<RoomObject>;
  /** `null` if no webhooks are sent (SPEC H1). */
  readonly webhook: WebhookConfig | null;
  /** `null` if metrics are not recorded (SPEC O4). */
  readonly metrics: AnalyticsEngineDataset | null;
  /** Rooms whose counts anyone may read (SPEC S3): names, or prefixes with a trailing `*`. */
  readonly publicCounts: readonly string[];
  /** Rooms whose whole list nobody may read (SPEC S7), in the same form. */
  readonly windowRooms: readonly string[];
  /** Whether members may signal to each other (SPEC G1). */
  readonly signals: boolean;
  /** How many shards keep a large room (SPEC N1), in the order of the setting; the first match counts. */
  readonly largeRooms: readonly LargeRooms[];
  /** The hubs of large rooms, also of those that are not large any more; `null` without the binding. */
  readonly hubs: DurableObjectNamespace<HubObject> | null;
  /** How many rooms a user may be present in, if there is a server key (SPEC A7). */
  readonly maxRoomsPerUser: number;
  /** The users' objects (SPEC B3, B4); `null` without a server key. */
  readonly users: DurableObjectNamespace<UserObject> | null;
  /**
   * The faults, each `KEY: why` without a value; the Worker refuses every request while there are
   * any.
   */
  readonly faults: readonly string[];
  /** Possible mistakes, each `KEY: why` without a value. */
  readonly warnings: readonly string[];
  /** The bindings and variables it was read from. */
  readonly env: Env;
}
