/**
 * Simulates a browser: joins rooms, pings at their heartbeat, answers probes, and reports its
 * pings.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "./client-kit.ts";

/** A room to join, after a time. */
export interface Visit {
  url: string;
  token: string;
  room: string;
  afterMs: number;
}

/** A ping that the room has answered: when it was sent, and when the answer came. */
export interface Pinged {
  room: string;
  at: number;
  answeredAt: number;
}

async function visit({ url, token, room, afterMs }: Visit): Promise<void> {
  await sleep(afterMs);
  const client = await RawClient.join({ url }, room, token);
  const { heartbeat } = await client.welcome();
  let at = 0;
  setInterval(() => {
    at = Date.now();
    client.send("ping");
  }, heartbeat * 1000);
  // Only a ping that was answered has left the process for certain.
  client.ws.on("message", (message) => {
    if (String(message) === "pong")
      process.send?.({ room, at, answeredAt: Date.now() } satisfies Pinged);
  });
}

process.once("disconnect", () => process.exit());
process.once("message", (visits: Visit[]) => {
  for (const each of visits) void visit(each);
});
