export { joinRoom } from "./join-room.ts";
export type { JoinOptions, RoomSignals } from "./options.ts";
export type { SignInOptions } from "./sign-in-options.ts";
export type {
  ConnectionState,
  RoomError,
  RoomEvent,
  RoomEvents,
  RoomHandle,
  RoomState,
} from "./types.ts";
export type { Data, Member, Self, Signal, Snapshot, Status } from "../protocol/messages.ts";
