import { DurableObject } from "cloudflare:workers";
import { currentConfig } from "../access/policy.ts";
import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { answerError } from "../answer-error.ts";
import { errorResponse } from "../errors.ts";
import { within } from "../platform/time-limit.ts";
import { answerRead } from "../room/read.ts";
import type { Counts, Ended, MemberView, RoomEvent, RoomObject } from "../room/room-object.ts";
import { fromWorker } from "../room/room-request.ts";
import { type Admission } from "../session/room-session.ts";
import { RoomTexts } from "../room/texts.ts";
import type { Revocation } from "../user/revocation.ts";
import { BackendCalls } from "./backend-calls.ts";
import type { HubObject, LargeRoomStats } from "./hub-object.ts";
import { HubReports } from "./hub-reports.ts";
import { HubRunner } from "./hub-runner.ts";
import { Generations } from "./generations.ts";
import { HubState } from "./hub-state.ts";
import type { Report, ReportReceipt } from "./messages.ts";
import { shardCountOf } from "./routing.ts";
import type { Shard } from "./shard.ts";
import { shardStub } from "./shard-stub.ts";

/** The longest that a caller waits for the shards to report after the hub's start. */
const READY_MS = 8_000;

/**
 * The hub of a large room: merges what its shards report, tells it to all of them, and stands for the
 * room where the backend, a user's object or a reader asks (SPEC N3, N5). It has no socket.
 */
export class Hub extends DurableObject<Env> implements HubObject {
  readonly #room: string;
  readonly #config: Config;
  readonly #state: HubState;
  readonly #runner: HubRunner;
  readonly #reports: HubReports;
  readonly #backend: BackendCalls;
  readonly #texts: RoomTexts;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const room = ctx.id.name ?? "";
    this.#room = room;
    this.#config = currentConfig(env);
    const generations = new Generations(ctx.storage.sql);
    const { staleMs } = this.#config.limits;
    const state = new HubState(staleMs, generations.load(), Date.now());
    this.#state = state;
    this.#reports = new HubReports(this.#config, ctx.storage, room, state);
    this.#runner = new HubRunner({
      room,
      ctx,
      state,
      generations,
      reports: this.#reports,
      stubOf: (shard) => this.#stubOf(shard),
    });
    this.#backend = new BackendCalls(room, state, shardCountOf(this.#config, room), (shard) =>
      this.#stubOf(shard),
    );
    this.#texts = new RoomTexts(room, state, state);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#reports.load();
      this.#runner.run();
    });
  }

  /** Takes what a shard reports. */
  async report(report: Report): Promise<ReportReceipt> {
    return this.#runner.turn((now) => this.#state.report(report, now));
  }

  /** Answers a read. */
  override async fetch(request: Request): Promise<Response> {
    const asked = fromWorker(request);
    const { requestId } = asked;
    try {
      if (asked.ask !== "read") return errorResponse("room_unavailable", requestId);
      await this.#ready();
      return answerRead(asked, request.headers.get("If-None-Match"), { texts: this.#texts });
    } catch (error) {
      return answerError(error, requestId, this.#room);
    }
  }

  /** Returns the room's counts, for the list of rooms (SPEC B9). */
  async count(): Promise<Counts> {
    await this.#ready();
    const { online, connections } = this.#state.list;
    return { online, connections };
  }

  /** Returns the room's figures, and those of each shard (SPEC B10, N5). */
  async stats(): Promise<LargeRoomStats> {
    await this.#ready();
    return this.#backend.stats(this.#reports.outboxStats());
  }

  /** Sends an event of the app's backend (SPEC B1); returns to how many connections. */
  deliver(event: RoomEvent): Promise<number> {
    return this.#backend.deliver(event);
  }

  /** Ends all connections of a user (SPEC B2); returns how many. */
  kick(user: string): Promise<number> {
    return this.#backend.kick(user);
  }

  /** Ends the connections of revoked sessions (SPEC B3). */
  async revoke(user: string, revocation: Revocation, stamp?: number): Promise<Ended | number> {
    const ended = await this.#backend.revoke(user, revocation, stamp ?? 0);
    return stamp === undefined ? ended.closed : ended;
  }

  /** Closes a user's connections, and forgets the user (SPEC B11). */
  forget(user: string, before: Admission): Promise<Ended> {
    return this.#backend.forget(user, before);
  }

  /** Returns how others see a user (SPEC B4). */
  sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }> {
    return this.#backend.sight(user, stamp);
  }

  /** Ends a lease (SPEC P2); returns whether there was one. */
  endLease(connection: string, closing: boolean, user?: string): Promise<boolean> {
    return this.#backend.endLease(connection, closing, user);
  }

  override async alarm(): Promise<void> {
    await this.#ready().catch(() => {});
    this.#runner.alarm();
  }

  #stubOf(shard: Shard): RoomObject {
    // Not `this.#config`: tests replace the environment of one object.
    return shardStub(currentConfig(this.env), this.#room, shard);
  }

  async #ready(): Promise<void> {
    if (this.#state.isReady(Date.now())) return;
    await within(READY_MS, () => this.#runner.ready);
  }
}
