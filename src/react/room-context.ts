"use client";
import { createContext, useContext } from "react";
import type { ProvidedRoom } from "./provided-room.ts";

export const RoomContext = createContext<ProvidedRoom | null>(null);

export function useProvidedRoom(): ProvidedRoom {
  const room = useContext(RoomContext);
  if (room === null) throw new Error("Rollcall's hooks work inside a <RoomProvider>.");
  return room;
}
