export {
  createRoomContext,
  type RoomContext,
  type RoomProviderProps,
} from "./create-room-context.tsx";
export type { RollcallCursorsProps, RollcallDotProps, RollcallPeopleProps } from "./jsx.ts";
export type { RoomHooks } from "./hooks.ts";
export {
  RoomProvider,
  useConnection,
  useError,
  useMember,
  useMembers,
  useOnlineCount,
  useRoom,
  useRoomEvent,
  useSelf,
  useSignals,
  useStatus,
  useWatching,
} from "./room.ts";
export type {
  ConnectionState,
  Data,
  Member,
  RoomError,
  RoomEvent,
  RoomEvents,
  RoomHandle,
  Self,
  Signal,
  Snapshot,
  Status,
} from "../client/index.ts";
