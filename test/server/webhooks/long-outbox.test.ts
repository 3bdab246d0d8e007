import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { Outbox } from "../../../src/server/room/webhooks/outbox.ts";
import { openWebhooks } from "../../../src/server/room/webhooks/webhooks.ts";
import { until } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import { hibernate, runAlarm, tablesOf } from "../../worker-kit/time.ts";

afterEach(() => void vi.restoreAllMocks());

it("[H3.3, H3.4] a long outbox is sent over several wakes, in order, and nothing is left of it", async () => {
  const room = "long";
  const receiver = new Receiver();
  const stub = env.ROOMS.getByName(room);
  await runInDurableObject(stub, (_room, { storage }) => {
    const outbox = new Outbox(storage);
    const told = Array.from({ length: 100 }, () => ({ type: "room.occupied" as const }));
    const place = { room, epoch: "e", version: 1 };
    for (let message = 0; message < 60; message++) outbox.append(told, place, Date.now());
  });
  await hibernate(room);
  await readRoom(room);
  await until(() => receiver.deliveries.length >= 50);
  await until(async () => receiver.deliveries.length === 60 || (await runAlarm(room), false));
  const sequences = receiver.events(room).map(({ data }) => data.sequence);
  expect(sequences).toEqual(Array.from({ length: 6_000 }, (_, at) => at + 1));
  expect(receiver.deliveries).toHaveLength(60);
  await until(async () => (await tablesOf(room)).length === 0);
});

it("[H1.1] what waits is dropped where webhooks are turned off", async () => {
  const room = "off";
  await runInDurableObject(env.ROOMS.getByName(room), (_room, state) => {
    const place = { room, epoch: "e", version: 1 };
    new Outbox(state.storage).append([{ type: "room.occupied" }], place, Date.now());
    expect(openWebhooks(null, state.storage, room)).toBeNull();
  });
  expect(await tablesOf(room)).toEqual([]);
});
