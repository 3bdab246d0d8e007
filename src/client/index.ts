export { joinRoom, type JoinOptions } from "./join-room.ts";
export type { SignInOptions } from "./sign-in.ts";
export type { ConnectionState, RoomError, RoomHandle, RoomState } from "./types.ts";
export type { Data, Member, Self, Status } from "../protocol/messages.ts";
