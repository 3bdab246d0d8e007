import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { Member, ServerFrame } from "../../src/protocol/messages.ts";

/** A room that our service would not send: people with any name, and any kind of image. */
export async function startHostileRoom(name: string, images: readonly string[]) {
  const hostile = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(hostile, "listening");
  const members = images.map((image, index): Member => {
    return { id: `${index}`, name, image, status: "online", connections: 1, lastOnline: null };
  });
  hostile.on("connection", (socket) => {
    const send = (frame: ServerFrame) => socket.send(JSON.stringify(frame));
    const self = { id: "0", chosen: null };
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const place = { room: "hostile", connection: "1" };
    send({ type: "welcome", protocol: 1, ...place, self, heartbeat: 9, expiresAt });
    const counts = { online: images.length, connections: images.length };
    send({ type: "snapshot", room: "hostile", epoch: "e", version: 1, ...counts, members });
  });
  const { port } = hostile.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/rooms/hostile`,
    stop: () => {
      for (const socket of hostile.clients) socket.terminate();
      hostile.close();
    },
  };
}
