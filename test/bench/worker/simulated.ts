/**
 * The production Worker, but that time, pings and hibernation are simulated: hours pass in seconds.
 * The room, its sockets and its storage are real. `POST /simulate/<room>` lets time pass: every
 * client pings at its heartbeat, and for each alarm that comes due the room is started again from its
 * storage, as after the ten seconds in which the platform lets it hibernate.
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

interface Simulation {
  hours: number;
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
  readonly #pingedAt = new Map<WebSocket, Date>();
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
    await this.#started;
    if (request.method !== "POST") return this.#room.fetch(request);
    return Response.json(await this.#simulate(await request.json<Simulation>()));
  }

  override async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#room.webSocketMessage(ws, message);
  }

  #start(): ServedRoom {
    this.#counts.starts++;
    return new ServedRoom(this.ctx, this.env);
  }

  async #simulate({ hours, heartbeatMs }: Simulation): Promise<Counts> {
    const sockets = this.ctx.getWebSockets();
    const end = Date.now() + hours * 3_600_000;
    const first = Date.now();
    settleCounts(this.#counts);
    Object.assign(this.#counts, {
      rowsWritten: 0,
      rowsRead: 0,
      alarmsSet: 0,
      alarmsFired: 0,
      starts: 0,
    });
    while (this.#alarm.at !== null && this.#alarm.at <= end) {
      aheadMs = this.#alarm.at - realNow();
      const now = Date.now();
      for (const [index, ws] of sockets.entries()) {
        // Each in its own step: people do not come all at once.
        const phase = first + (index / sockets.length) * heartbeatMs;
        const beats = Math.floor((now - phase) / heartbeatMs);
        if (beats >= 0) this.#pingedAt.set(ws, new Date(phase + beats * heartbeatMs));
      }
      this.#counts.alarmsFired++;
      this.#room = this.#start();
      await this.#started;
      // A starting object still sees the alarm that woke it (seen); its handler does not.
      this.#alarm.at = null;
      await this.#room.alarm();
    }
    settleCounts(this.#counts);
    return this.#counts;
  }
}

export { Directory, User } from "../../../src/server/index.ts";

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/simulate/")) return worker.fetch(request, env, ctx);
    return env.ROOMS.getByName(pathname.slice("/simulate/".length)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
