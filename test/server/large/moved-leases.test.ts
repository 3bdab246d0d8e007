import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { eventually } from "../../worker-kit/eventually.ts";
import { askConfigured } from "../../worker-kit/http.ts";
import { giveUp, hold, type LeaseAnswer } from "../../worker-kit/lease.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { readWindow } from "../../worker-kit/window.ts";

let rooms = 0;
const newRoom = () => `large-moved-lease-${++rooms}`;
const EIGHT = { ...env, LARGE_ROOMS: "large-*=8" };

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));

async function askEight(
  path: string,
  headers: Record<string, string>,
  init?: RequestInit,
): Promise<Response> {
  const Authorization = `Bearer ${await signIn("ada")}`;
  return askConfigured(EIGHT, path, { Authorization, ...headers }, init);
}

async function joinEight(room: string): Promise<Peer> {
  const answer = await askEight(`/rooms/${room}`, { Upgrade: "websocket" });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("snapshot");
  return peer;
}

async function holdEight(room: string, lease: string): Promise<LeaseAnswer> {
  const body = JSON.stringify({ lease });
  return (await askEight(`/rooms/${room}/me`, {}, { method: "PUT", body })).json();
}

const untilShown = (room: string, connections: number) =>
  eventually(async () => {
    const { members } = await readWindow(room, "watch=ada");
    const status = connections > 0 ? "online" : "offline";
    expect(members).toMatchObject([{ id: "ada", status, connections }]);
  });

it("[N6.1, P1.4, M5.1] a lease goes on beside a connection in another shard, and after it, with its data", async () => {
  const room = newRoom();
  await hold(room, "ada", { data: { on: "phone" } });
  const laptop = await joinEight(room);
  // Only now has the old shard released what moves.
  await laptop.ask({ type: "update", status: "busy" });
  await laptop.ask({ type: "update", status: null });
  await untilShown(room, 2);
  await laptop.ask({ type: "leave" });
  await untilShown(room, 1);
  expect((await readWindow(room, "watch=ada")).members[0]).toHaveProperty("data", { on: "phone" });
});

it.each([false, true])(
  "[N6.2, P1.3, P2.1] a lease moves when it is renewed, and ends by its new name (with a socket there: %s)",
  async (hasSocket) => {
    const room = newRoom();
    const { lease } = await hold(room, "ada");
    const laptop = hasSocket ? await joinEight(room) : null;
    const moved = await holdEight(room, lease);
    expect(moved.lease).not.toBe(lease);
    await untilShown(room, hasSocket ? 2 : 1);
    expect((await holdEight(room, moved.lease)).lease).toBe(moved.lease);
    await laptop?.ask({ type: "leave" });
    await untilShown(room, 1);
    await giveUp(room, { lease: moved.lease });
    await untilShown(room, 0);
  },
);
