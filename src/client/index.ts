export { joinRoom } from "./join-room.ts";
export type { JoinOptions } from "./options.ts";
export type { SignInOptions } from "./sign-in-options.ts";
export type {
  ConnectionState,
  RoomError,
  RoomEvent,
  RoomEvents,
  RoomHandle,
  RoomState,
} from "./types.ts";
export type { Data, Member, Self, Snapshot, Status } from "../protocol/messages.ts";
