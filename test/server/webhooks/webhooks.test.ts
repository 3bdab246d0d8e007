import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Webhook } from "standardwebhooks";
import { until } from "../../worker-kit/eventually.ts";
import { ask, readRoom } from "../../worker-kit/http.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { passTime, runAlarm } from "../../worker-kit/time.ts";
import { createReceiver } from "../../../src/webhooks/index.ts";

const SECRETS = env.WEBHOOK_SECRET!.split(", ");
let receiver: Receiver;
let rooms = 0;
/** What was logged, by the Worker and by the receiver. */
let lines: unknown[][] = [];
const newRoom = () => `hooks-${++rooms}`;

beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((...line: unknown[]) => void lines.push(line));
  receiver = new Receiver();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const told = (room: string, count: number) => until(() => receiver.told(room).length >= count);

async function leave(peer: Peer): Promise<void> {
  await peer.ask({ type: "leave" });
  await peer.closed;
}

const stats = async (room: string) => {
  const headers = { Authorization: `Bearer ${env.SERVER_KEY}` };
  const answer = await ask(`/rooms/${room}/stats`, { headers });
  return answer.json<{ outbox: { messages: number; dead: number }; epoch: string }>();
};

describe("webhooks", () => {
  it("[H2.1, H2.2] tell what others see: who comes, goes and changes, and nothing else", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const second = await join(room, "ada");
    await second.ask({ type: "idle", idle: true });
    await leave(second);
    await ada.ask({ type: "update", status: "busy" });
    await ada.ask({ type: "update", status: "busy" });
    await ada.ask({ type: "update", data: { at: "desk" } });
    const bob = await join(room, "bob");
    await ada.ask({ type: "update", status: "offline" });
    await ada.ask({ type: "update", data: { at: "home" } });
    await ada.ask({ type: "update", status: null });
    await leave(bob);
    await leave(ada);
    await told(room, 10);
    expect(receiver.told(room)).toEqual([
      "room.occupied",
      "member.online ada online",
      "member.updated ada busy",
      "member.updated ada busy",
      "member.online bob online",
      "member.offline ada offline",
      "member.online ada online",
      "member.offline bob offline",
      "member.offline ada offline",
      "room.vacated",
    ]);
    const [, , , withData, , hidden] = receiver.events(room);
    expect(withData!.data.member).toMatchObject({ data: { at: "desk" } });
    expect(hidden!.data.member).toMatchObject({ connections: 0, lastOnline: expect.any(String) });
  });

  it("[H2.1, M6.1] a new name is an update, and a profile that stays is none", async () => {
    const room = newRoom();
    const now = Math.floor(Date.now() / 1000);
    await join(room, "ada", { token: await signIn("ada", { name: "Ada", iat: now - 9 }) });
    await join(room, "ada", { token: await signIn("ada", { name: "Ada", iat: now - 8 }) });
    await join(room, "ada", { token: await signIn("ada", { name: "Countess", iat: now - 7 }) });
    await told(room, 3);
    expect(receiver.events(room).at(-1)!.data.member).toMatchObject({ name: "Countess" });
    expect(receiver.told(room)).toHaveLength(3);
  });

  it("[H2.3] tell once of what changes in one commit", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", data: { at: "desk" } });
    await leave(ada);
    await told(room, 5);
    expect(receiver.told(room)).toEqual([
      "room.occupied",
      "member.online ada online",
      "member.updated ada busy",
      "member.offline ada offline",
      "room.vacated",
    ]);
    expect(receiver.events(room)[2]!.data.member).toMatchObject({ data: { at: "desk" } });
  });

  it("[H3.1] number the events of an epoch, and carry the version that they are in", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy" });
    await told(room, 3);
    const { epoch, version } = await readRoom(room);
    const events = receiver.events(room);
    expect(events.map(({ data }) => data.sequence)).toEqual([1, 2, 3]);
    for (const { data, timestamp } of events) {
      expect(data).toMatchObject({ room, epoch });
      expect(new Date(timestamp).toISOString()).toBe(timestamp);
    }
    expect(events.at(-1)!.data.version).toBe(version);
  });

  it("[H4.1, H4.2] are signed with each secret, as the Standard Webhooks are", async () => {
    const room = newRoom();
    await join(room, "ada");
    await told(room, 2);
    const { url, headers, init, body } = receiver.deliveries[0]!;
    expect(url).toBe(env.WEBHOOK_URL);
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    const plain = Object.fromEntries(headers);
    for (const secret of SECRETS) {
      expect(new Webhook(secret).verify(body, plain)).toEqual(JSON.parse(body));
      expect(() => new Webhook(secret).verify(body.replace("ada", "eve"), plain)).toThrow(
        "signature",
      );
      expect(() =>
        new Webhook(secret).verify(body, { ...plain, "webhook-id": "msg_other" }),
      ).toThrow("signature");
    }
    expect(() => new Webhook(`whsec_${btoa("x".repeat(32))}`).verify(body, plain)).toThrow(
      "signature",
    );
  });

  it("[H3.3, H4.1] a receiver takes each event once, and tells of a gap", async () => {
    const heard: string[] = [];
    const receiverOf = (secret: string) =>
      createReceiver({
        secret,
        onEvent: ({ type, data }) => void heard.push(`${type} ${data.member?.name}`),
        onGap: (room) => void heard.push(`gap in ${room}`),
      });
    const receive = receiverOf(SECRETS[1]!);
    let drop = true;
    receiver.answer = async ({ headers, body }) => {
      const status = await receive(body, headers);
      expect(status).toBe(204);
      // Sent twice: the answer is lost.
      return new Response(null, { status: drop ? 500 : status });
    };
    const room = newRoom();
    await join(room, "ada");
    await told(room, 2);
    drop = false;
    passTime(5);
    await until(async () => {
      // The attempt before may still be under way.
      passTime(1);
      await runAlarm(room);
      return (await stats(room)).outbox.messages === 0;
    });
    const events = ["room.occupied undefined", "member.online ada"];
    expect(heard).toEqual(events);

    const { headers, body } = receiver.deliveries[0]!;
    expect(await receive(`${body} `, headers)).toBe(401);
    const bob = await join(room, "bob");
    await told(room, 3);
    const latest = receiver.deliveries.at(-1)!;
    await receiverOf(SECRETS[0]!)(latest.body, latest.headers);
    expect(heard).toEqual([...events, "member.online bob", `gap in ${room}`, "member.online bob"]);
    await leave(bob);
  });

  it("[H5.2, H3.4] go one at a time, and what happens meanwhile goes together", async () => {
    const room = newRoom();
    const { promise, resolve } = Promise.withResolvers<Response>();
    receiver.answer = () => promise;
    const ada = await join(room, "ada");
    await until(() => receiver.inFlight === 1);
    for (const status of ["busy", "away", "online", null]) {
      await ada.ask({ type: "update", status });
    }
    await join(room, "bob");
    expect(receiver.deliveries).toHaveLength(1);
    receiver.answer = () => new Response(null, { status: 200 });
    resolve(new Response(null, { status: 200 }));
    await told(room, 6);
    expect(receiver.mostInFlight).toBe(1);
    expect(receiver.deliveries).toHaveLength(2);
    expect(receiver.events(room).map(({ data }) => data.sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
