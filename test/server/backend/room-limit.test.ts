import { afterEach, expect, it, vi } from "vitest";
import { eventually } from "../../worker-kit/eventually.ts";
import { admit, queryUser, whereIs } from "../../worker-kit/backend.ts";
import { askConfigured, refusal } from "../../worker-kit/http.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { passTime } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let names = 0;
const fresh = (what: string) => `limited-${what}-${++names}`;
const LIMIT = { MAX_ROOMS_PER_USER: "3" };
const REFUSED = [429, "too_many_rooms"];

async function enter(user: string, room: string): Promise<Response> {
  const headers = { Upgrade: "websocket", Authorization: `Bearer ${await signIn(user)}` };
  return askConfigured(LIMIT, `/rooms/${room}`, headers);
}

async function join(user: string, room: string): Promise<Peer> {
  const answer = await enter(user, room);
  expect(answer.status).toBe(101);
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("snapshot");
  return peer;
}

it("[A7.8] a user is present in so many rooms and no more, whichever way they come", async () => {
  const ada = fresh("ada");
  const rooms = Array.from({ length: 3 }, () => fresh("room"));
  const peers: Peer[] = [];
  for (const room of rooms) peers.push(await join(ada, room));
  const refused = await enter(ada, fresh("room"));
  expect(refused.headers.get("Retry-After")).toBe("30");
  expect(await refusal(refused)).toEqual(REFUSED);
  const headers = { Authorization: `Bearer ${await signIn(ada)}` };
  const lease = { method: "PUT", body: "{}" };
  const held = await askConfigured(LIMIT, `/rooms/${fresh("room")}/me`, headers, lease);
  expect(await refusal(held)).toEqual(REFUSED);
  const upgrade = { Upgrade: "websocket" };
  const opened = await askConfigured(LIMIT, `/rooms/${fresh("room")}?auth=message`, upgrade);
  const inBand = new Peer(opened.webSocket!);
  inBand.send({ type: "auth", token: await signIn(ada) });
  expect(await inBand.closed).toEqual({ code: 4429, reason: "too_many_rooms" });
  // Another tab in the same room is not another room, and other users are not affected.
  await join(ada, rooms[0]!);
  await join(fresh("bob"), fresh("room"));
  await peers[1]!.ask({ type: "leave" });
  await eventually(async () => {
    const listed = "SELECT room FROM rooms WHERE last_online IS NULL";
    expect(await queryUser(ada, listed)).toHaveLength(2);
  });
  await join(ada, fresh("room"));
});

it("[A7.8] rooms that they were admitted to and did not get into count for a while only", async () => {
  const ada = fresh("ada");
  for (let n = 0; n < 3; n++) await admit(ada, { issuedAt: Date.now() }, fresh("room"));
  const room = fresh("room");
  await join(ada, room);
  expect(await whereIs(ada)).toMatchObject({ rooms: [{ room }] });
  for (let n = 0; n < 2; n++) await admit(ada, { issuedAt: Date.now() }, fresh("room"));
  expect(await refusal(await enter(ada, fresh("room")))).toEqual(REFUSED);
  passTime(10);
  await join(ada, fresh("room"));
});
