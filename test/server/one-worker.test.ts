import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { HOST } from "../worker-kit/http.ts";
import { signIn } from "../worker-kit/sign-in.ts";
import worker from "../examples/server/one-worker.ts";

it("[R1] one Worker serves an app and its rooms", async () => {
  const headers = { Authorization: `Bearer ${await signIn("ada")}` };
  const ask = async (path: string) => {
    const request = new Request<unknown, IncomingRequestCfProperties>(HOST + path, { headers });
    return worker.fetch(request, env, createExecutionContext());
  };
  expect(await (await ask("/rooms/shared")).json()).toMatchObject({ room: "shared" });
  expect(await (await ask("/about")).text()).toBe("The app's own answer.");
});
