import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Replica } from "../../../src/client/replica.ts";
import { AlarmClock } from "../../../src/server/platform/alarm-clock.ts";
import { receive } from "../../../src/server/room/connections/frames.ts";
import { answerFirst } from "../../../src/server/room/first-frame.ts";
import { RoomState } from "../../../src/server/room/room-state.ts";
import { TurnEnd } from "../../../src/server/room/turn-end.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, type Frame } from "../../worker-kit/peer.ts";
import { hibernate } from "../../worker-kit/time.ts";
import { openWindow, untilShown } from "../../worker-kit/window.ts";
import { LIMITS, Model } from "./model.ts";
import { step, type Step } from "./model-steps.ts";
import { begin, PLAIN, setting, withStorage } from "./model-storage.ts";
import { runs } from "../../property-cases.ts";

const frame = fc.record(
  {
    type: fc.constant("update"),
    status: fc.constantFrom("online", "away", "busy", "offline", null),
    data: fc.constantFrom(null, { n: 1 }, { n: 2 }),
    id: fc.constant("a"),
  },
  { requiredKeys: ["type", "id"] },
);

/** A socket with what another one has attached, and what it is sent. */
function copyOf(socket: WebSocket) {
  const sent: string[] = [];
  let attachment: unknown = socket.deserializeAttachment();
  const ws = {
    send: (text: string) => void sent.push(text),
    serializeAttachment: (value: unknown) => void (attachment = value),
    deserializeAttachment: () => attachment,
    close: () => sent.push("closed"),
  } as unknown as WebSocket;
  return { ws, sent };
}

class Undone extends Error {}

/** Runs on a storage, and undoes it. */
function tryOut<Result>(storage: DurableObjectStorage, act: () => Result): Result {
  let result: Result;
  try {
    storage.transactionSync(() => {
      result = act();
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
  return result!;
}

const rowsOf = ({ sql }: DurableObjectStorage) =>
  ["SELECT * FROM members ORDER BY id", "SELECT * FROM room ORDER BY key"].map((query) => [
    ...sql.exec(query).raw(),
  ]);

/** A room that wakes for a frame of one of these sockets, whole before it or after it. */
async function wakeFor(
  storage: DurableObjectStorage,
  sockets: WebSocket[],
  alarmAt: number | null,
) {
  const copies = sockets.map(copyOf);
  const { sql } = storage;
  const parts = {
    name: "room",
    config: { ...parseConfig(env), limits: LIMITS },
    storage: {
      sql,
      setAlarm: async () => {},
      getAlarm: async () => alarmAt,
      deleteAll: async () => {},
    } as unknown as DurableObjectStorage,
    pingedAt: () => new Date(),
  };
  const alarm = new AlarmClock(parts.storage);
  await alarm.load();
  return (message: string, isFirst: boolean) =>
    tryOut(storage, () => {
      const { ws } = copies[0]!;
      let now = Date.now();
      const before = rowsOf(storage);
      const answered = isFirst ? answerFirst({ ...parts, alarm }, ws, message, now) : null;
      if (isFirst && answered === null) expect(rowsOf(storage)).toEqual(before);
      const room = new RoomState({ ...parts, alarm });
      const turnEnd = new TurnEnd(room);
      room.wake(
        copies.map((copy) => copy.ws),
        now,
        answered,
      );
      room.advance(now);
      let nextAt = turnEnd.run(now, true);
      if (answered === null) {
        room.advance(now);
        const connection = room.connections.get(ws)!;
        connection.heard(now);
        receive(room, connection, message, now);
        nextAt = turnEnd.run(now, false);
      }
      for (const end = now + 2_000; nextAt <= end; nextAt = turnEnd.run(now, false)) {
        now = Math.max(now, nextAt);
        room.advance(now);
      }
      return {
        isFirst: answered !== null,
        left: {
          rows: rowsOf(storage),
          sent: copies.map(({ sent }) => sent),
          attached: copies.map((copy) => copy.ws.deserializeAttachment() as unknown),
          state: room.roster.list.state,
          accepted: room.connections.get(ws)?.accepted,
          heardAt: room.connections.get(ws)?.heardAt(null),
          alarmAt: alarm.at,
        },
      };
    });
}

const mostlyJoins: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: step.filter(({ do: what }) => what === "join") },
  { weight: 4, arbitrary: step },
);

/** How long after the room was last awake: places may have been lost for too long by then. */
const lateMs = fc.constantFrom(0, 500, 1_900, 7_500, 9_000, 61_000);

/** Ada hides, and is the only one; a new epoch begins while the room still keeps her (SPEC L5). */
const AFTER_AN_EPOCH: Step[] = [
  { do: "join", user: 0, resume: false, hasNewName: false },
  { do: "update", which: 0, status: "busy" },
  { do: "update", which: 0, status: "away" },
  { do: "update", which: 0, status: "offline" },
  { do: "pass", ms: 60_000 },
  { do: "pass", ms: 8_000 },
  { do: "join", user: 1, resume: false, hasNewName: false },
];

/** Bob's place ends before Ada's frame. */
const AFTER_A_LOSS: Step[] = [
  { do: "join", user: 0, resume: false, hasNewName: false },
  { do: "join", user: 1, resume: false, hasNewName: false },
  { do: "lose", which: 1 },
];

const typesOf = (frames: Frame[]) =>
  frames.map((frame) => (frame === "pong" ? frame : frame.type)).filter((type) => type !== "probe");

let rooms = 0;
const newRoom = () => `first-frame-${++rooms}`;

describe("the first frame after hibernation", () => {
  it("[W7, V1, S4.4] is told to everybody after it was acknowledged, and to windows by a snapshot", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    const eve = await openWindow(room, "eve", { query: "?present=false&view=window" });
    const before = bob.roll!.version;
    await hibernate(room);
    const seen = { ada: ada.frames.length, eve: eve.frames.length };
    await ada.ask({ type: "update", status: "busy" });
    const isBusy = (roll: Replica | null) => roll!.members[0]!.status === "busy";
    await untilShown(bob, isBusy);
    await untilShown(eve, isBusy);
    expect(bob.roll!.version).toBe(before + 1);
    expect(typesOf(eve.frames.slice(seen.eve))).toEqual(["snapshot"]);
    await untilShown(ada, isBusy);
    expect(typesOf(ada.frames.slice(seen.ada))).toEqual(["self", "ack", "delta"]);
    const { version, members } = await readRoom(room);
    expect(bob.roll).toMatchObject({ version, members });
  });

  it("[W1.2] is told to the member's other tabs, for which the whole room is needed", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const tab = await join(room, "ada");
    await hibernate(room);
    await ada.ask({ type: "update", status: "away" });
    const isSelf = (frame: Frame) =>
      frame !== "pong" && frame.type === "self" && frame.chosen !== null;
    expect(await tab.until(isSelf)).toEqual({ type: "self", id: "ada", chosen: "away" });
  });

  it("[W12.1, W5] counts like those that follow at once, and is told with them", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    const bob = await join(room, "bob");
    await hibernate(room);
    for (let n = 1; n <= 30; n++) ada.send({ type: "update", data: { n } });
    await ada.until((frame) => frame !== "pong" && frame.type === "error");
    await untilShown(bob, (roll) => (roll!.members[0]!.data as { n?: number }).n === 20);
    expect((await readRoom(room)).members[0]!.data).toEqual({ n: 20 });
  });

  it("[V1, R3] is read by a request that follows at once", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await join(room, "bob");
    await hibernate(room);
    const acknowledged = ada.ask({ type: "update", status: "busy" });
    const during = await readRoom(room);
    expect(during.online).toBe(2);
    await acknowledged;
    expect((await readRoom(room)).members[0]!.status).toBe("busy");
  });

  const timeout = 600_000;
  it(
    "[W7, V1, W5, M3.3, L6.1] is answered as by the whole room, though most of it is taken in afterwards",
    { timeout },
    () =>
      withStorage(async (storage) => {
        let answered = 0;
        const history = fc.array(mostlyJoins, { minLength: 2, maxLength: 25 });
        await fc.assert(
          fc.asyncProperty(
            setting,
            history,
            frame,
            fc.nat(20),
            lateMs,
            async (setting, steps, frame, which, late) => {
              // The number of a proof of reading is always random: none is asked for here (SPEC W14).
              begin({ ...setting, random: 0 });
              const model = new Model(storage, LIMITS);
              for (const each of steps) await model.take(each, Date.now());
              vi.advanceTimersByTime(1_100);
              model.turn(() => {}, true);
              // Of the history, only what is stored and attached matters from here on.
              vi.clearAllTimers();
              const { live } = model;
              if (live.length === 0) return;
              const first = which % live.length;
              const sockets = [live[first]!, ...live.filter((_, at) => at !== first)].map(
                ({ socket }) => socket!,
              );
              const alarmAt = model.room.alarm.at;
              vi.setSystemTime(Date.now() + late);
              const whole = await wakeFor(storage, sockets, alarmAt);
              const early = await wakeFor(storage, sockets, alarmAt);
              const message = JSON.stringify(frame);
              const other = early(message, true);
              if (!other.isFirst) return;
              answered++;
              expect(other.left).toEqual(whole(message, false).left);
            },
          ),
          {
            numRuns: runs(100),
            examples: [
              [PLAIN, AFTER_AN_EPOCH, { type: "update", status: "busy", id: "a" }, 1, 0],
              [PLAIN, AFTER_A_LOSS, { type: "update", status: "busy", id: "a" }, 0, 9_000],
            ],
          },
        );
        expect(answered).toBeGreaterThan(10);
      }),
  );
});
