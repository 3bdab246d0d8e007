"use client";
import { createRoomContext } from "./create-room-context.tsx";

/** The context of an app that is in one room at a time. */
export const {
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
} = createRoomContext();
