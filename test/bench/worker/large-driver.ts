import { DurableObject } from "cloudflare:workers";
import { shardOfUser } from "../../../src/server/large/shard.ts";
import { describeError } from "../../../src/server/log.ts";
import type {
  HoldRequest,
  JoinRequest,
  WatchRequest,
} from "../../../src/server/room/room-request.ts";
import { shardObject, standIn, type LargeEnv } from "./large-env.ts";
import {
  ROOM,
  SHARDS,
  type Changed,
  type Command,
  type Entered,
  type Tallies,
  type Tally,
} from "./large-commands.ts";
import { AT_ONCE, forAll, hold, upgrade } from "./enter.ts";
import { idOf, leaseOf, sessionOf, usersByShard } from "./large-members.ts";

const POLL_MS = 50;
const TICK_MS = 50;
/** Longer than a report or an update waits for the next one; the number of watchers is kept back. */
const REST_MS = 6_000;
/** A prime, so that changes are all over the room and nobody's comes twice. */
const STRIDE = 7_919;
/** What a page shows beside those it watches, and how many it watches. */
const WINDOW = { limit: 20 };
const WATCHES = 20;

/**
 * Makes people present in a large room. In the first shard everyone has a socket, opened as the
 * service's Worker does; in the others everyone has a lease, made inside the shard, and a watcher has a
 * socket, so that the shard is told of the rest.
 */
export class Driver extends DurableObject<LargeEnv> {
  readonly #sockets = new Map<string, WebSocket>();
  readonly #leases = new Set<string>();
  /** How many have changed: each does once. */
  #changed = 0;

  override async fetch(request: Request): Promise<Response> {
    const command = await request.json<Command>();
    try {
      return Response.json((await this.#run(command)) ?? null);
    } catch (error) {
      // The platform tells no caller what was thrown.
      return new Response(describeError(error), { status: 500 });
    }
  }

  #run(command: Command): Promise<unknown> {
    const real = SHARDS - command.standIns;
    switch (command.do) {
      case "join":
        return this.#join(usersByShard(command.members).slice(0, real));
      case "fill":
        return this.#fill(usersByShard(command.members), real);
      case "change":
        return this.#change(command.perSecond, command.ms, real);
      case "enter":
        return this.#enter(command.afterMs, command.members, real);
      case "tally":
        return command.atRest ? this.#comeToRest(real) : this.#tallies(real);
      default:
        return command satisfies never;
    }
  }

  async #join(shards: string[][]): Promise<void> {
    await Promise.all(
      shards.map(async (ids, index) => {
        if (index === 0) return forAll(ids, AT_ONCE, (id) => this.#open(id, shards));
        await this.#watch(index);
        await shardObject(this.env, index).holdAll(ids);
        for (const id of ids) this.#leases.add(id);
      }),
    );
    const members = shards.flat().length;
    await Promise.all(shards.map((_, index) => this.#toldOf(index, members)));
  }

  /** Waits until a shard's copy has this many members. */
  async #toldOf(index: number, members: number): Promise<void> {
    for (;;) {
      const { copy } = await shardObject(this.env, index).stats();
      if (copy === members) return;
      await scheduler.wait(POLL_MS);
    }
  }

  async #open(id: string, shards: string[][]): Promise<void> {
    const requestId = crypto.randomUUID();
    const joiner = sessionOf(id);
    const asked: JoinRequest = { ask: "join", requestId, joiner, window: WINDOW };
    const socket = await upgrade(shardObject(this.env, 0), asked);
    this.#sockets.set(id, socket);
    const ids = Array.from({ length: WATCHES }, (_, index) => {
      const shard = shards[index % shards.length]!;
      return shard[(this.#sockets.size * 31 + index * 17) % shard.length]!;
    });
    socket.send(JSON.stringify({ type: "watch", add: [...new Set(ids)] }));
  }

  async #watch(index: number): Promise<void> {
    const requestId = crypto.randomUUID();
    const watcher = sessionOf(`watcher-${index}`);
    const asked: WatchRequest = { ask: "watch", requestId, watcher, window: { limit: 0 } };
    this.#sockets.set(watcher.user.id, await upgrade(shardObject(this.env, index), asked));
  }

  async #hold(index: number, id: string, update: HoldRequest["lease"]["update"] = {}) {
    const isNew = !this.#leases.has(id);
    this.#leases.add(id);
    await hold(shardObject(this.env, index), id, leaseOf(id), { isNew, update });
  }

  async #fill(shards: string[][], real: number): Promise<void> {
    for (let index = real; index < SHARDS; index++) {
      await standIn(this.env, index).fill(shards[index]!);
    }
    const members = shards.flat().length;
    const reported = shards.slice(real).flat().length;
    for (let index = real; index < SHARDS; index++) {
      while ((await standIn(this.env, index).told()) < reported) await scheduler.wait(POLL_MS);
    }
    await Promise.all(Array.from({ length: real }, (_, index) => this.#toldOf(index, members)));
  }

  /** Has one more person come after a time in which nothing happened. */
  async #enter(afterMs: number, members: number, real: number): Promise<Entered> {
    const objects = this.#objects(real);
    await Promise.all(objects.map((object) => object.observe(true)));
    const before = await this.#comeToRest(real);
    // To ask the hub for anything would wake it.
    await scheduler.wait(afterMs);
    const id = idOf(members);
    const start = Date.now();
    await this.#hold(shardOfUser(id, SHARDS).index, id);
    await Promise.all(objects.slice(1).map((_, index) => this.#toldOf(index, members + 1)));
    const ms = Date.now() - start;
    const tallies = grown(await this.#comeToRest(real), before);
    await Promise.all(objects.map((object) => object.observe(false)));
    return { ms, ...tallies };
  }

  /** Has members change all over the room, and those of stand-ins at the same rate. */
  async #change(perSecond: number, ms: number, real: number): Promise<Changed> {
    const objects = this.#objects(real);
    await Promise.all(objects.map((object) => object.observe(true)));
    const before = await this.#tallies(real);
    const start = Date.now();
    const standIns = Array.from({ length: SHARDS - real }, (_, index) =>
      standIn(this.env, real + index).change(perSecond / SHARDS, ms),
    );
    const sent = await this.#changeReal((perSecond * real) / SHARDS, ms);
    await Promise.all(standIns);
    const elapsed = Date.now() - start;
    const after = await this.#tallies(real);
    const latencies = await this.#latencies(sent, real);
    await Promise.all(objects.map((object) => object.observe(false)));
    return { ms: elapsed, latencies, ...grown(after, before) };
  }

  /** When each was sent. */
  async #changeReal(perSecond: number, ms: number): Promise<Map<string, number>> {
    const sent = new Map<string, number>();
    const ids = [...this.#leases, ...this.#sockets.keys()].filter((id) => id.startsWith("u"));
    const held: Promise<void>[] = [];
    const start = Date.now();
    for (let now = start; now < start + ms; now = Date.now()) {
      const due = Math.floor(((now - start) * perSecond) / 1000);
      while (sent.size < due && this.#changed < ids.length) {
        const id = ids[(this.#changed++ * STRIDE) % ids.length]!;
        sent.set(id, now);
        const socket = this.#sockets.get(id);
        if (socket) socket.send('{"type":"update","status":"busy"}');
        else held.push(this.#hold(shardOfUser(id, SHARDS).index, id, { status: "busy" }));
      }
      await scheduler.wait(TICK_MS);
    }
    await Promise.all(held);
    return sent;
  }

  /** Waits until all shards have all changes. */
  async #latencies(sent: ReadonlyMap<string, number>, real: number): Promise<number[]> {
    const latest = new Map<string, number>();
    for (let index = 0; index < real; index++) {
      const object = shardObject(this.env, index);
      let seen = await object.seen();
      while (![...sent.keys()].every((id) => id in seen)) {
        await scheduler.wait(POLL_MS);
        seen = await object.seen();
      }
      for (const id of sent.keys()) latest.set(id, Math.max(seen[id]!, latest.get(id) ?? 0));
    }
    return [...sent].map(([id, at]) => latest.get(id)! - at);
  }

  #objects(real: number) {
    const shards = Array.from({ length: real }, (_, index) => shardObject(this.env, index));
    return [this.env.HUBS.getByName(ROOM), ...shards];
  }

  /** The hub comes last: if it slept, it wakes by that, and calls the shards. */
  async #tallies(real: number): Promise<Tallies> {
    const [hub, ...shards] = this.#objects(real);
    const tallies = await Promise.all(shards.map((shard) => shard.tally()));
    return { hub: await hub!.tally(), shards: tallies };
  }

  /** Waits until hub and shards have no more to tell each other. */
  async #comeToRest(real: number): Promise<Tallies> {
    for (let before = await this.#tallies(real); ;) {
      await scheduler.wait(REST_MS);
      const now = await this.#tallies(real);
      const since = grown(now, before);
      if ([since.hub, ...since.shards].every(({ calls }) => calls === 0)) return now;
      before = now;
    }
  }
}

function grown(now: Tallies, then: Tallies): Tallies {
  const since = ({ calls, bytes }: Tally, before: Tally) => ({
    calls: calls - before.calls,
    bytes: bytes - before.bytes,
  });
  return {
    hub: since(now.hub, then.hub),
    shards: now.shards.map((tally, index) => since(tally, then.shards[index]!)),
  };
}
