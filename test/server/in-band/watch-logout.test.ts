import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApp, type AuthorizeWatch } from "../../../src/server/index.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { ask, HOST } from "../../worker-kit/http.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query, tablesOf } from "../../worker-kit/time.ts";
import { settle, shownTo, unknown } from "../../worker-kit/window.ts";

// The rooms follow the app that was made last: this one, once production's has been loaded.
await ask("/healthz");
let rule: AuthorizeWatch;
const app = createApp({ authorizeWatch: (...given) => rule(...given) });

it("[S6.4, T6.2, S5.4] a watch that the app is still asked about is void after a logout", async () => {
  const room = "watch-logout";
  const answer = await app.request(
    `${HOST}/rooms/${room}?present=false&view=counts&auth=message`,
    { headers: { Upgrade: "websocket" } },
    env,
  );
  const eve = new Peer(answer.webSocket!);
  const signInAs = async (user: string) => {
    eve.send({ type: "auth", token: await signIn(user) });
    await eve.untilType("watching");
  };
  await eve.untilType("authenticate");
  await signInAs("eve");
  rule = (_session, _room, ids) => ids;
  await eve.ask({ type: "watch", add: ["ada"] });
  const { promise, resolve } = Promise.withResolvers<string[]>();
  let isAnswered = false;
  rule = async () => {
    const ids = await promise;
    isAnswered = true;
    return ids;
  };
  eve.send({ type: "watch", add: ["bob"], id: "late" });
  eve.frames.splice(0);
  await eve.ask({ type: "logout" });
  await eve.untilType("authenticate");
  resolve(["bob"]);
  await eventually(() => expect(isAnswered).toBe(true));
  for (let turn = 0; turn < 3; turn++) await settle(eve);
  expect(JSON.stringify(eve.frames)).not.toContain('"late"');
  expect(await tablesOf(room)).toEqual([]);
  eve.frames.splice(0);
  await signInAs("zoe");
  expect(shownTo(eve)).toEqual([]);
  rule = () => [];
  await eve.ask({ type: "watch", add: ["ada"] });
  await eve.until(() => eve.roll!.members.length === 1);
  expect(eve.roll!.members).toEqual([unknown("ada")]);
  expect(await query(room, "SELECT ids FROM watched")).toEqual([{ ids: '[["ada"],["ada"]]' }]);
});
