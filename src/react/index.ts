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
