import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { expect, it } from "vitest";
import { ask, askAs, readRoom, refusal } from "../worker-kit/http.ts";
import { hold } from "../worker-kit/lease.ts";
import { join } from "../worker-kit/peer.ts";
import { query } from "../worker-kit/time.ts";

const objects = () =>
  Promise.all([listDurableObjectIds(env.USERS!), listDurableObjectIds(env.DIRECTORY!)]);

it("[B5.4, B8.3, B9.6] without a server key there is nothing for a backend, and no object is asked for it", async () => {
  const before = await objects();
  const peer = await join("keyless", "ada");
  await hold("keyless", "ada");
  await readRoom("keyless");
  await peer.ask({ type: "leave" });
  const calls = [
    ["POST", "/rooms/keyless/events"],
    ["DELETE", "/rooms/keyless/members/ada"],
    ["GET", "/users/ada"],
    ["DELETE", "/users/ada"],
    ["POST", "/users/ada/events"],
    ["POST", "/users/presence"],
    ["POST", "/users/ada/revocations"],
    ["DELETE", "/users/ada/revocations"],
    ["GET", "/rooms"],
    ["GET", "/rooms/keyless/stats"],
  ] as const;
  for (const [method, path] of calls) {
    for (const key of ["", "x".repeat(32)]) {
      const headers = { Authorization: `Bearer ${key}` };
      expect(await refusal(await ask(path, { method, headers })), path).toEqual([404, "not_found"]);
    }
  }
  expect((await askAs("ada", "/rooms/keyless")).status).toBe(200);
  const after = await objects();
  expect(after).toEqual(before);
});

it("[H1.1] without webhooks no table is made for them", async () => {
  await join("silent", "ada");
  const tables = await query("silent", "SELECT name FROM sqlite_master WHERE name = 'outbox'");
  expect(tables).toEqual([]);
});
