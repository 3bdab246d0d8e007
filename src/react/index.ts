export {
  useConnection,
  useError,
  useMember,
  useMembers,
  useOnlineCount,
  useRoom,
  useSelf,
  useStatus,
} from "./hooks.ts";
export { RoomProvider, type RoomProviderProps } from "./room-provider.tsx";
export type {
  ConnectionState,
  Data,
  Member,
  RoomError,
  RoomHandle,
  Self,
  Snapshot,
  Status,
} from "../client/index.ts";
