import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Member, Status } from "../../../src/protocol/messages.ts";
import type { Config } from "../../../src/server/config/config.ts";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Generations } from "../../../src/server/large/generations.ts";
import type { HubReports } from "../../../src/server/large/hub-reports.ts";
import { HubRunner } from "../../../src/server/large/hub-runner.ts";
import { HubState } from "../../../src/server/large/hub-state.ts";
import type { Report, ShardCalls } from "../../../src/server/large/messages.ts";
import { objectName, shardOfUser, shardsOf } from "../../../src/server/large/shard.ts";
import { updateMember } from "../../../src/server/room/connections/frames.ts";
import { LIMITS } from "../room/model.ts";
import { unknown } from "../../worker-kit/window.ts";
import { ModelShard, WindowClient } from "./model-shard.ts";
import { Network, pass } from "./network.ts";
import { partOf } from "./part-of-storage.ts";

/** The numbers of shards that a model may have. */
export const GENERATIONS = [2, 3] as const;
const ROOM = "large-model";

/** The real parts of a large room: shards and hub, with fake sockets, calls and clock. */
export class LargeModel {
  readonly network = new Network();
  of: number = GENERATIONS[0];
  readonly #shards: Map<string, ModelShard>;
  /** What the hub keeps in storage. */
  #stored: number[] = [];
  #hub!: { state: HubState; runner: HubRunner };
  /** Clients that were cut off, and will come back. */
  away: WindowClient[] = [];

  constructor(storage: DurableObjectStorage) {
    const limits = { ...LIMITS, maxConnectionsPerRoom: 100, maxConnectionsPerUser: 50 };
    const hubCalls = {
      report: (report: Report) => {
        return this.network.call("hub", () =>
          this.#hub.runner.turn((now) => this.#hub.state.report(structuredClone(report), now)),
        );
      },
    };
    const config = {
      ...parseConfig(env),
      limits,
      hubs: { getByName: () => hubCalls },
      rooms: { getByName: (name: string) => this.#stub(name) },
      directory: null,
    } as unknown as Config;
    this.startHub();
    const shards = GENERATIONS.flatMap(shardsOf);
    this.#shards = new Map(
      shards.map((shard) => {
        const name = objectName(ROOM, shard);
        const part = partOf(storage, `${shard.of}_${shard.index}`);
        return [name, new ModelShard(name, part, config)];
      }),
    );
  }

  get hub(): HubState {
    return this.#hub.state;
  }

  get shards(): ModelShard[] {
    return [...this.#shards.values()];
  }

  get clients(): WindowClient[] {
    return this.shards.flatMap(({ clients }) => clients);
  }

  shardOf(user: string, of = this.of): ModelShard {
    return this.#shards.get(objectName(ROOM, shardOfUser(user, of)))!;
  }

  holderOf(client: WindowClient): ModelShard {
    return this.shards.find(({ clients }) => clients.includes(client))!;
  }

  #stub(name: string): ShardCalls {
    const get = (_: object, method: keyof ShardCalls) => {
      return (...args: unknown[]) =>
        this.network.call(name, () => {
          const { calls } = this.#shards.get(name)!;
          const answer = calls[method] as (...args: unknown[]) => unknown;
          return answer(...structuredClone(args));
        });
    };
    return new Proxy({}, { get }) as ShardCalls;
  }

  /** Starts the hub, or starts it again after a crash. */
  startHub(): void {
    // What is left of it finds nothing to do.
    if (this.#hub) this.#hub.runner.run = () => {};
    const generations = {
      load: () => this.#stored,
      save: (numbers: number[]) => void (this.#stored = [...numbers]),
      clear: () => {},
    } as unknown as Generations;
    const never = Number.POSITIVE_INFINITY;
    const reports = { reportAt: never, isEmpty: true, clear() {}, take: () => [] };
    const state = new HubState(LIMITS.staleMs, this.#stored, Date.now());
    const runner = new HubRunner({
      room: ROOM,
      ctx: { waitUntil: () => {} },
      state,
      generations,
      reports: reports as unknown as HubReports,
      stubOf: (shard) => this.#stub(objectName(ROOM, shard)),
    });
    this.#hub = { state, runner };
    runner.run();
  }

  async join(client: WindowClient): Promise<void> {
    const joined = await this.shardOf(client.user).join(client);
    if (!joined) this.away.push(client);
  }

  update(client: WindowClient, update: { status?: Status | null; data?: { n: number } | null }) {
    const shard = this.holderOf(client);
    shard.turn((now) => updateMember(shard.room, client.user, update, now));
  }

  watch(client: WindowClient, add: string[], remove: string[]): void {
    const { room, turn } = this.holderOf(client);
    turn.call(this.holderOf(client), () => {
      room.watchLists.change(client.connection!, { add, remove, allowed: () => true });
      room.broadcaster.rewatch(client.connection!, add);
      client.hasWatched ||= add.length > 0;
      for (const id of remove) client.watched.delete(id);
      for (const id of add) client.watched.add(id);
    });
  }

  /** Changes the number of shards: who is connected stays, who comes goes to another shard. */
  resize(): void {
    this.of = this.of === GENERATIONS[0] ? GENERATIONS[1] : GENERATIONS[0];
  }

  crash(shard: ModelShard): void {
    this.away.push(...shard.crash());
  }

  /** Ends all faults, lets everybody come back, and compares what everybody holds. */
  async check(): Promise<void> {
    this.network.heal();
    await pass(LIMITS.staleMs + 15_000);
    const back = this.away.splice(0);
    for (const client of back) void this.join(client);
    await pass(12_000);
    const truth = this.#truth();
    const { list } = this.hub;
    expect(list.members().map((text) => JSON.parse(text) as Member)).toEqual(truth);
    const present = truth.filter(({ status }) => status !== "offline");
    const counts = {
      online: present.length,
      connections: present.reduce((sum, { connections }) => sum + connections, 0),
    };
    expect({ online: list.online, connections: list.connections }).toEqual(counts);
    const watching = this.clients.filter(({ isMember }) => !isMember).length;
    expect(this.hub.watching).toBe(watching);
    for (const client of this.clients) {
      expect(client.misfits).toEqual([]);
      expect(client.roll, client.connection!.id).toMatchObject(counts);
      const others = present.filter(({ id }) => !client.watched.has(id)).slice(0, client.limit);
      const watched = [...client.watched].map(
        (id) => truth.find((m) => m.id === id) ?? unknown(id),
      );
      const shown = [...others, ...watched].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      expect(client.roll!.members, client.connection!.id).toEqual(shown);
      expect(client.watching).toBe(watching);
    }
  }

  /** What the shards have, merged by an independent computation. */
  #truth(): Member[] {
    const parts = this.shards.flatMap(({ room }) =>
      room.roster.list.members().map((text) => {
        const member = JSON.parse(text) as Member;
        return { member, chosen: room.roster.chosenBy(member.id) };
      }),
    );
    const users = Map.groupBy(parts, ({ member }) => member.id);
    const members = [...users].map(([id, of]) => {
      const present = of.filter(({ member }) => member.status !== "offline");
      if (of.length === 1) return of[0]!.member;
      // At rest, a choice has reached every shard that the user is in.
      expect(new Set(present.map(({ chosen }) => chosen)).size, id).toBeLessThanOrEqual(1);
      const times = of.map(({ member }) => member.lastOnline ?? "").toSorted();
      if (present.length === 0) return { ...of[0]!.member, lastOnline: times.at(-1)! };
      const isOnline = present.some(({ member }) => member.status === "online");
      return {
        ...present[0]!.member,
        status: present[0]!.chosen ?? (isOnline ? "online" : "away"),
        connections: present.reduce((sum, { member }) => sum + member.connections, 0),
      } as Member;
    });
    return members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
