import { expect, it } from "vitest";
import { ask } from "../../worker-kit/http.ts";
import { join, Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { shownTo } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = (prefix = "public") => `${prefix}-by-token-${++rooms}`;
const PAST = Math.floor(Date.now() / 1000) - 600;

async function open(room: string, query = "present=false&view=window"): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message&${query}`, {
    headers: { Upgrade: "websocket" },
  });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("authenticate");
  return peer;
}

const tokens: [string, () => Promise<string>][] = [
  ["forged", async () => "forged"],
  ["expired", async () => signIn("eve", { exp: PAST })],
  ["for other rooms", async () => signIn("eve", { rooms: ["other"] })],
];

it.each(tokens)(
  "[S3.2, T2.3] whoever sends a token that is %s is a stranger where counts are public, and refused elsewhere",
  async (_kind, tokenFor) => {
    const room = newRoom();
    await join(room, "ada");
    const stranger = await open(room);
    stranger.send({ type: "auth", token: await tokenFor() });
    await stranger.untilType("watching");
    expect(await stranger.untilType("welcome")).not.toHaveProperty("expiresAt");
    expect(stranger.roll).toMatchObject({ members: [], online: 1 });

    const refused = [
      await open(newRoom("private")),
      await open(room, "view=window"),
      await open(room, "present=false"),
    ];
    for (const peer of refused) {
      peer.send({ type: "auth", token: await tokenFor() });
      expect([4401, 4403]).toContain((await peer.closed).code);
    }
  },
);

it("[S3.2, T2.3] whoever sends a good token watches people", async () => {
  const room = newRoom();
  await join(room, "ada");
  const eve = await open(room);
  eve.send({ type: "auth", token: await signIn("eve") });
  await eve.untilType("watching");
  expect(await eve.untilType("welcome")).toHaveProperty("expiresAt");
  expect(shownTo(eve)).toEqual(["ada"]);
});

it("[S3.2, T6.1] after a logout a bad token is refused there too", async () => {
  const room = newRoom();
  const eve = await open(room);
  eve.send({ type: "auth", token: await signIn("eve") });
  await eve.untilType("watching");
  eve.frames.splice(0);
  eve.send({ type: "logout" });
  await eve.untilType("authenticate");
  eve.send({ type: "auth", token: "forged" });
  expect(await eve.closed).toEqual({ code: 4401, reason: "session_invalid" });
});
