import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { until } from "../../worker-kit/eventually.ts";
import { ask, readRoom } from "../../worker-kit/http.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { Receiver } from "../../worker-kit/receiver.ts";
import {
  alarmOf,
  hibernate,
  passTime,
  passTimeWithAlarms,
  query,
  restart,
  runAlarm,
  tablesOf,
} from "../../worker-kit/time.ts";

const DAY_SECONDS = 86_400;

let receiver: Receiver;
let rooms = 0;
/** What was logged, by the Worker and by the receiver. */
let lines: unknown[][] = [];
const newRoom = () => `retried-${++rooms}`;

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

/** A busy machine may still be making the attempt before, which then has to be retried, too. */
const toldByRetries = (room: string, count: number) =>
  until(async () => {
    passTime(1);
    await runAlarm(room);
    return receiver.told(room).length >= count;
  });

/** The result of an attempt may be noted late, after which the next may be an hour away. */
const untilRetried = (room: string, holds: () => Promise<boolean>) =>
  until(async () => {
    passTime(60);
    await runAlarm(room);
    return holds();
  });

async function leave(peer: Peer): Promise<void> {
  await peer.ask({ type: "leave" });
  await peer.closed;
}

/** The Worker's lines on webhooks. */
const failures = () =>
  lines
    .map(([line]) => JSON.parse(line as string) as Record<string, string>)
    .filter(({ event }) => event === "failure");

const stats = async (room: string) => {
  const headers = { Authorization: `Bearer ${env.SERVER_KEY}` };
  const answer = await ask(`/rooms/${room}/stats`, { headers });
  return answer.json<{ outbox: { messages: number; dead: number }; epoch: string }>();
};

describe("a webhook that is not taken", () => {
  it.each([301, 304, 400, 404, 410, 500])(
    "[H5.1, H4.3, H6.3] a %i is a failure, whose retry is the same message",
    async (status) => {
      const room = newRoom();
      receiver.answer = () =>
        new Response(null, { status, headers: { Location: "https://x.example" } });
      await join(room, "ada");
      await told(room, 2);
      await until(async () => failures().length > 0);
      expect((await stats(room)).outbox).toMatchObject({ messages: 1, events: 2, dead: 0 });
      await join(room, "bob");
      receiver.answer = () => new Response(null, { status: 200 });
      passTime(30);
      await toldByRetries(room, 3);
      await until(async () => (await stats(room)).outbox.messages === 0);
      const [first, again] = receiver.deliveries;
      expect(again!.body).toBe(first!.body);
      expect(again!.headers.get("webhook-id")).toBe(first!.headers.get("webhook-id"));
      const reason = `status ${status}`;
      expect(failures()).toEqual([{ event: "failure", code: "webhook_failed", room, reason }]);
    },
  );

  it("[H6.2, H6.3] what is not taken for a day is dead: one line, one count, and the rest goes on", async () => {
    const room = newRoom();
    receiver.answer = () =>
      Promise.reject(new TypeError(`fetch of ${env.WEBHOOK_URL} with s3cret`));
    const ada = await join(room, "ada");
    await until(() => receiver.deliveries.length > 0);
    await leave(ada);
    await passTimeWithAlarms(room, DAY_SECONDS - 3_600);
    // 24 h at most an hour apart, and the first ones seconds.
    expect(receiver.deliveries.length).toBeGreaterThan(24);
    await join(room, "bob");
    await until(async () => receiver.inFlight === 0);
    passTime(3_700);
    await untilRetried(room, async () => (await stats(room)).outbox.dead > 0);
    expect(failures().map(({ code }) => code)).toEqual(["webhook_failed", "webhook_dead"]);
    expect(JSON.stringify(failures())).not.toMatch(/s3cret|hooks\.example/);
    expect((await stats(room)).outbox.messages).toBeGreaterThan(0);
    receiver.deliveries.length = 0;
    receiver.answer = () => new Response(null, { status: 200 });
    await untilRetried(room, async () => (await stats(room)).outbox.messages === 0);
    // Ada and her events are forgotten by now; Bob is not.
    expect(receiver.told(room).slice(0, 2)).toEqual(["room.occupied", "member.online bob online"]);
  });

  it("[H5.3, L5.5] a room that everybody forgot keeps its outbox until it is delivered, and then nothing", async () => {
    const room = newRoom();
    receiver.answer = () => new Response(null, { status: 503 });
    const ada = await join(room, "ada");
    const { epoch } = await readRoom(room);
    await leave(ada);
    await until(() => receiver.deliveries.length > 0);
    const tables = () => tablesOf(room);
    await passTimeWithAlarms(room, 3_700);
    expect(await tables()).toEqual([{ name: "outbox" }]);
    const cleo = await join(room, "cleo");
    expect((await readRoom(room)).epoch).not.toBe(epoch);
    await leave(cleo);
    receiver.answer = () => new Response(null, { status: 200 });
    await passTimeWithAlarms(room, 3_700);
    await until(async () => (await tables()).length === 0);
    expect(await alarmOf(room)).toBeNull();
    const ofCleo = receiver.events(room).filter(({ data }) => data.epoch !== epoch);
    expect(ofCleo.map(({ data }) => data.sequence)).toEqual([1, 2, 3, 4]);
  });

  it("[H3.2, L6.4] go on by the alarm after a fault that cut nobody", async () => {
    const room = newRoom();
    receiver.answer = () => new Response(null, { status: 503 });
    const ada = await join(room, "ada");
    await until(() => failures().length > 0);
    receiver.answer = () => new Response(null, { status: 200 });
    const tries = receiver.deliveries.length;
    await query(room, "ALTER TABLE outbox RENAME TO elsewhere");
    passTime(3);
    await runAlarm(room);
    await until(() => failures().some(({ code }) => code === "internal"));
    await query(room, "ALTER TABLE elsewhere RENAME TO outbox");
    expect(receiver.deliveries).toHaveLength(tries);
    await ada.ask({ type: "idle", idle: false });
    await passTimeWithAlarms(room, 31);
    await until(async () => (await stats(room)).outbox.messages === 0);
    expect(receiver.told(room).slice(0, 2)).toEqual(["room.occupied", "member.online ada online"]);
  });

  it("[H5.2, H3.2] let the room sleep, and are kept over a restart", async () => {
    const room = newRoom();
    receiver.answer = () => new Response(null, { status: 503 });
    await join(room, "ada");
    await until(() => failures().length > 0);
    await hibernate(room);
    expect((await stats(room)).outbox.messages).toBe(1);
    receiver.answer = () => new Response(null, { status: 200 });
    passTime(30);
    await restart(room);
    await until(async () => {
      await runAlarm(room);
      return (await stats(room)).outbox.messages === 0;
    });
    const ids = receiver.deliveries.map(({ headers }) => headers.get("webhook-id"));
    expect(new Set(ids).size).toBe(1);
    // The sequence goes on where it was.
    passTime(20);
    await toldByRetries(room, 4);
    expect(receiver.told(room).slice(2)).toEqual(["member.offline ada offline", "room.vacated"]);
    expect(receiver.events(room).map(({ data }) => data.sequence)).toEqual([1, 2, 3, 4]);
  });
});
