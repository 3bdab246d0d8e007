import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Snapshot } from "../../../src/protocol/messages.ts";
import { ask, HOST } from "../../worker-kit/http.ts";
import { join } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";

it("[S6.1] friends see each other, as the guide has it, and others see nobody", async () => {
  // The rooms use the rules of the app created last: the example's, after production's.
  await ask("/healthz");
  const { default: app } = await import("../../examples/server/who-may-watch.ts");
  const room = "guide-friends";
  for (const user of ["ada", "bob"]) await join(room, user);
  const seenBy = async (user: string) => {
    const headers = { Authorization: `Bearer ${await signIn(user)}` };
    const url = `${HOST}/rooms/${room}?view=window&limit=0&watch=ada&watch=bob`;
    const { members } = await (await app.request(url, { headers }, env)).json<Snapshot>();
    return members.filter(({ status }) => status !== "offline").map(({ id }) => id);
  };
  expect(await seenBy("ada")).toEqual(["bob"]);
  expect(await seenBy("bob")).toEqual(["ada"]);
  expect(await seenBy("eve")).toEqual([]);
});
