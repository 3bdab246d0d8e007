import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { expect, it } from "vitest";
import { parseConfig } from "../../src/server/config/parse.ts";
import type { Env } from "../../src/server/env.ts";
import { createApp } from "../../src/server/index.ts";
import { HOST, refusal } from "../worker-kit/http.ts";
import { signIn } from "../worker-kit/sign-in.ts";

const bearer = async (user: string) => ({ Authorization: `Bearer ${await signIn(user)}` });

const app = createApp();

/** A namespace that notes where its objects are asked for: the local runtime has no jurisdictions. */
function placed<Namespace extends object>(namespace: Namespace, asked: string[]): Namespace {
  return new Proxy(namespace, {
    get: (target, key) =>
      key === "jurisdiction"
        ? (name: string) => {
            asked.push(name);
            return target;
          }
        : Reflect.get(target, key),
  });
}

it("[O6] every object is asked for in the jurisdiction", async () => {
  const asked: string[] = [];
  const { ROOMS, USERS, DIRECTORY, HUBS } = env;
  const inEurope: Env = {
    ...env,
    SERVER_KEY: "k".repeat(32),
    JURISDICTION: "eu",
    ROOMS: placed(ROOMS, asked),
    USERS: placed(USERS!, asked),
    DIRECTORY: placed(DIRECTORY!, asked),
    HUBS: placed(HUBS!, asked),
  };
  const { rooms, users, directory, hubs, faults } = parseConfig(inEurope);
  expect(faults).toEqual([]);
  expect(asked).toEqual(["eu", "eu", "eu", "eu"]);
  expect([rooms, users, directory, hubs]).toEqual([ROOMS, USERS, DIRECTORY, HUBS]);

  const request = new Request(`${HOST}/rooms/placed`, { headers: await bearer("ada") });
  const answer = await app.fetch(request, inEurope, createExecutionContext());
  expect(answer.status).toBe(200);
  expect(asked).toHaveLength(8);
});

it("[O6] none is asked for without one, and one that does not exist is a fault", async () => {
  const asked: string[] = [];
  for (const JURISDICTION of ["", undefined]) {
    parseConfig({
      ...env,
      ROOMS: placed(env.ROOMS, asked),
      ...(JURISDICTION === "" && { JURISDICTION }),
    });
  }
  expect(asked).toEqual([]);
  const wrong = { ...env, JURISDICTION: "moon" };
  const request = new Request(`${HOST}/rooms/placed`, { headers: await bearer("ada") });
  const answer = await app.fetch(request, wrong, createExecutionContext());
  expect(await refusal(answer)).toEqual([500, "misconfigured"]);
});
