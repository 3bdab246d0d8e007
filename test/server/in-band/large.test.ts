import { expect, it } from "vitest";
import { ask } from "../../worker-kit/http.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { usersOfShards } from "../../worker-kit/large.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { shownTo, untilShown } from "../../worker-kit/window.ts";

const [FIRST, SECOND] = usersOfShards() as [string, string];
let rooms = 0;
const newRoom = () => `large-in-band-${++rooms}`;

async function open(room: string, user: string): Promise<Peer> {
  const answer = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("authenticate");
  peer.send({ type: "auth", token: await signIn(user) });
  await peer.untilType("snapshot");
  return peer;
}

it("[N2.1, T2.2] a socket that has yet to sign in waits, and goes to its user's shard", async () => {
  const room = newRoom();
  const [one, two] = [await open(room, FIRST), await open(room, SECOND)];
  for (const peer of [one, two]) await untilShown(peer, (roll) => roll!.online === 2);
  expect(shownTo(one)).toEqual([FIRST, SECOND].toSorted());
});

it.each([false, true])(
  "[N2.3, T3.4, T6.1] becomes nobody else's: the old user leaves at once, and the socket is closed 1012 (after logout: %s)",
  async (isSignedOut) => {
    const room = newRoom();
    const [one, two] = [await open(room, FIRST), await open(room, SECOND)];
    if (isSignedOut) {
      await one.ask({ type: "logout" });
      await untilShown(two, (roll) => roll!.online === 1);
    }
    one.send({ type: "auth", token: await signIn("zoe") });
    expect(await one.closed).toEqual({ code: 1012, reason: "moved" });
    await untilShown(two, (roll) => roll!.online === 1);
    const zoe = await open(room, "zoe");
    await untilShown(zoe, (roll) => roll!.online === 2);
  },
);

it("[N2.3, T6.1] is not signed in again after logout, not even as the same user", async () => {
  const room = newRoom();
  const peer = await open(room, FIRST);
  await peer.ask({ type: "logout" });
  peer.send({ type: "auth", token: await signIn(FIRST) });
  expect(await peer.closed).toEqual({ code: 1012, reason: "moved" });
  await untilShown(await open(room, FIRST), (roll) => roll!.online === 1);
});

it("[N2.3, S3.4] a stranger who signs in connects again, and then watches people", async () => {
  const room = `public-${newRoom()}`;
  await open(room, FIRST);
  const watch = async (headers = {}) => {
    const query = "?present=false&view=window";
    const answer = await ask(`/rooms/${room}${query}`, {
      headers: { Upgrade: "websocket", ...headers },
    });
    const peer = new Peer(answer.webSocket!);
    await peer.untilType("snapshot");
    return peer;
  };
  const stranger = await watch();
  expect(shownTo(stranger)).toEqual([]);
  stranger.send({ type: "auth", token: await signIn("eve") });
  expect(await stranger.closed).toEqual({ code: 1012, reason: "moved" });
  const eve = await watch({ Authorization: `Bearer ${await signIn("eve")}` });
  expect(shownTo(eve)).toEqual([FIRST]);
});

it("[N2.3, T3.1] a newer token of the same user renews its session", async () => {
  const peer = await open(newRoom(), FIRST);
  peer.send({ type: "auth", token: await signIn(FIRST), id: "a" });
  expect(await peer.untilType("renewed")).toHaveProperty("expiresAt");
});
