import type { RoomEvent } from "../room/room-object.ts";
import type { Admission } from "../session/room-session.ts";
import type { SessionMark } from "./revocation.ts";
import type { Whereabouts } from "./whereabouts.ts";

/** A user's last place in a room has ended. */
export interface Departure {
  user: string;
  /** The newest stamp that they were admitted with; 0 for none. */
  stamp: number;
  /** As others see it, in milliseconds since 1970. */
  lastOnline: number | null;
}

/** The calls that a user's object answers. */
export interface UserObject extends Rpc.DurableObjectBranded {
  isRevoked(mark: SessionMark): boolean;
  admit(
    mark: SessionMark,
    room: string,
    above?: number,
    maxRooms?: number,
  ): Promise<Admission | "too_many_rooms" | null>;
  left(room: string, stamp: number, lastOnline: number | null): void;
  revoke(session: string | null): Promise<number>;
  lift(): number;
  forget(): Promise<number>;
  deliver(event: Omit<RoomEvent, "to">): Promise<number>;
  whereabouts(): Promise<Whereabouts>;
}
