import { env } from "cloudflare:workers";
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { join } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { roomStub, tablesOf } from "../../worker-kit/time.ts";
import { openWindow, untilShown } from "../../worker-kit/window.ts";

it("[N1.4] a room that is not large has no hub, and nothing of a shard", async () => {
  const hubs = await listDurableObjectIds(env.HUBS!);
  const ada = await join("plain", "ada");
  await openWindow("plain", "eve");
  await hold("plain", "bob");
  await ada.ask({ type: "update", status: "busy" });
  await untilShown(ada, (roll) => roll!.online === 2);
  expect(await listDurableObjectIds(env.HUBS!)).toEqual(hubs);
  expect(await tablesOf("plain")).toEqual([{ name: "room" }, { name: "members" }]);
  const link = await runInDurableObject(roomStub("plain"), (room) => {
    return (room as unknown as { link?: unknown }).link;
  });
  expect(link).toBeUndefined();
  expect(await roomStub("plain").stats()).not.toHaveProperty("copy");
});

it("[N1.1, O2.1] large rooms without the binding are a fault of the configuration, and no binding is needed without them", async () => {
  const { HUBS: _, LARGE_ROOMS: __, ...without } = env;
  expect(parseConfig(without).faults).toEqual([]);
  const large = { ...without, LARGE_ROOMS: "lobby=8" };
  expect(parseConfig(large).faults).toEqual(["HUBS: is missing; LARGE_ROOMS needs it"]);
  const headers = { Authorization: `Bearer ${await signIn("ada")}` };
  const answer = await askConfigured(
    { ...large, HUBS: undefined } as never,
    "/rooms/lobby",
    headers,
  );
  expect(await refusal(answer)).toEqual([500, "misconfigured"]);
});

it("[N6.4] shards of rooms that are not large any more still reach their hub", () => {
  const { hubs, largeRooms } = parseConfig({ ...env, LARGE_ROOMS: "" });
  expect(largeRooms).toEqual([]);
  expect(hubs!.getByName("lobby").id.equals(env.HUBS!.getByName("lobby").id)).toBe(true);
});
