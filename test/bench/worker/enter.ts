import {
  LEASE_UNKNOWN,
  ROOM_URL,
  toRoom,
  type HoldRequest,
  type JoinRequest,
  type WatchRequest,
} from "../../../src/server/room/room-request.ts";
import type { RoomObject } from "../../../src/server/room/room-object.ts";
import { sessionOf } from "./large-members.ts";

type Stub = DurableObjectStub<RoomObject>;

/** Calls of one shard that are not answered yet, at most. */
export const AT_ONCE = 250;
const ATTEMPTS = 10;
const ORIGINAL = new Request(ROOM_URL);

/** Opens a socket as the service's Worker does, and waits until it has been told a state. */
export async function upgrade(room: Stub, asked: JoinRequest | WatchRequest): Promise<WebSocket> {
  const response = await room.fetch(ROOM_URL, toRoom(asked, ORIGINAL));
  const socket = response.webSocket;
  if (!socket) throw new Error(`A socket was refused: ${response.status}.`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data)) as { type: string; n?: number };
    if (frame.type === "snapshot" || frame.type === "delta") resolve();
    // A socket that never proves that it reads is closed (SPEC W14).
    if (frame.type === "probe") socket.send(JSON.stringify({ type: "alive", n: frame.n }));
  });
  socket.addEventListener("close", ({ code }) => reject(new Error(`Closed: ${code}.`)));
  socket.accept();
  await promise;
  return socket;
}

/** The room as a caller of its requests has it. */
interface Asked {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** Makes or renews a lease as the service's Worker does; asks again while the room is not ready. */
export async function hold(
  room: Asked,
  id: string,
  token: string,
  { isNew, update }: Pick<HoldRequest["lease"], "isNew" | "update">,
): Promise<void> {
  const statuses: number[] = [];
  let makes = isNew;
  while (statuses.length < ATTEMPTS) {
    const asked: HoldRequest = {
      ask: "hold",
      requestId: crypto.randomUUID(),
      joiner: sessionOf(id),
      lease: { token, connection: token, isNew: makes, update },
      window: { limit: 0 },
    };
    const response = await room.fetch(ROOM_URL, toRoom(asked, ORIGINAL));
    await response.arrayBuffer();
    if (response.ok) return;
    statuses.push(response.status);
    // An answer that came too late does not undo the lease.
    makes = response.status === LEASE_UNKNOWN;
  }
  throw new Error(`A lease was answered ${statuses.join()}.`);
}

/** Does something for all, so many at a time. */
export async function forAll<Each>(
  all: readonly Each[],
  atOnce: number,
  act: (each: Each) => Promise<void>,
): Promise<void> {
  let next = 0;
  const actNext = async () => {
    while (next < all.length) await act(all[next++]!);
  };
  await Promise.all(Array.from({ length: atOnce }, actNext));
}
