/**
 * The production Worker, but that time, pings and hibernation are simulated: hours pass in seconds.
 * The room, its sockets and its storage are real. `POST /simulate/<room>` lets time pass: every
 * client pings at its heartbeat, and the alarms fire that come due. An event starts the room again
 * from its storage if nothing has happened for as long as the platform takes to let it hibernate.
 */
import { DurableObject } from "cloudflare:workers";
import worker from "../../../src/server/worker.ts";
import { type Env, Room as ServedRoom } from "../../../src/server/index.ts";
import { countStorage, overlay, settleCounts } from "./count-storage.ts";
import type { Counts } from "./counts.ts";

const realNow = Date.now;
/** How far simulated time is ahead. */
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;

/** The object's own alarm is never set: time does not come to it by itself here. */
class Alarm {
  at: number | null = null;

  over(storage: DurableObjectStorage, counts: Counts): DurableObjectStorage {
    return overlay(storage, {
      setAlarm: (at: number | Date) => {
        counts.alarmsSet++;
        this.at = Number(at);
        return Promise.resolve();
      },
      getAlarm: () => Promise.resolve(this.at),
      deleteAlarm: () => Promise.resolve(void (this.at = null)),
    });
  }
}

const HIBERNATES_AFTER_MS = 10_000;

interface Simulation {
  passMs: number;
  heartbeatMs: number;
}

export class Room extends DurableObject<Env> {
  readonly #counts: Counts = {
    rowsWritten: 0,
    rowsRead: 0,
    alarmsSet: 0,
    alarmsFired: 0,
    starts: 0,
    calls: 0,
  };
  readonly #alarm = new Alarm();
  readonly #pingedAt = new WeakMap<WebSocket, Date>();
  /** When each socket pinged for the first time. */
  readonly #phases = new WeakMap<WebSocket, number>();
  #eventAt = Date.now();
  #started: Promise<unknown> = Promise.resolve();
  #room: ServedRoom;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const storage = this.#alarm.over(countStorage(ctx.storage, this.#counts), this.#counts);
    Object.defineProperties(ctx, {
      storage: { value: storage },
      getWebSocketAutoResponseTimestamp: {
        value: (ws: WebSocket) => this.#pingedAt.get(ws) ?? null,
      },
      blockConcurrencyWhile: {
        value: (start: () => Promise<unknown>) => (this.#started = start()),
      },
    });
    this.#room = this.#start();
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") {
      return Response.json(await this.#simulate(await request.json<Simulation>()));
    }
    return (await this.#awake()).fetch(request);
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await (await this.#awake()).webSocketMessage(ws, message);
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    await (await this.#awake()).webSocketClose(ws, code, reason);
  }

  #start(): ServedRoom {
    this.#counts.starts++;
    return new ServedRoom(this.ctx, this.env);
  }

  /** The room for an event, started again if it would have hibernated. */
  async #awake(): Promise<ServedRoom> {
    const now = Date.now();
    if (now - this.#eventAt >= HIBERNATES_AFTER_MS) this.#room = this.#start();
    this.#eventAt = now;
    await this.#started;
    return this.#room;
  }

  async #simulate({ passMs, heartbeatMs }: Simulation): Promise<Counts> {
    const end = Date.now() + passMs;
    this.#notePhases(heartbeatMs);
    while (this.#alarm.at !== null && this.#alarm.at <= end) {
      aheadMs = Math.max(aheadMs, this.#alarm.at - realNow());
      this.#ping(heartbeatMs);
      this.#counts.alarmsFired++;
      const room = await this.#awake();
      // A starting object still sees the alarm that woke it (seen); its handler does not.
      this.#alarm.at = null;
      await room.alarm();
    }
    aheadMs = Math.max(aheadMs, end - realNow());
    settleCounts(this.#counts);
    return this.#counts;
  }

  /** Each client pings in its own step: people do not come all at once. */
  #notePhases(heartbeatMs: number): void {
    const opened = this.ctx.getWebSockets().filter((ws) => !this.#phases.has(ws));
    for (const [index, ws] of opened.entries()) {
      this.#phases.set(ws, Date.now() - (index / opened.length) * heartbeatMs);
    }
  }

  #ping(heartbeatMs: number): void {
    for (const ws of this.ctx.getWebSockets()) {
      const phase = this.#phases.get(ws) ?? Date.now();
      const beats = Math.floor((Date.now() - phase) / heartbeatMs);
      this.#pingedAt.set(ws, new Date(phase + beats * heartbeatMs));
    }
  }
}

export { Directory, Hub, User } from "../../../src/server/index.ts";

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/simulate/")) return worker.fetch(request, env, ctx);
    return env.ROOMS.getByName(pathname.slice("/simulate/".length)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
