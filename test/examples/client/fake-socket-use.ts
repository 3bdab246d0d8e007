import { joinRoom } from "rollcall";
import { FakeSocket } from "./fake-socket.ts";

const ada = { id: "ada", name: "Ada", status: "online", connections: 1, lastOnline: null } as const;

/** Joins a fake room, and waits until it shows Ada. */
export async function joinFakeRoom() {
  const room = joinRoom("https://presence.test/rooms/lobby", { WebSocket: FakeSocket });
  while (FakeSocket.latest === undefined) await new Promise((resolve) => setTimeout(resolve));
  FakeSocket.latest.admit("ada", [ada]);
  return room;
}
