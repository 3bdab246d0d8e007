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
import { USERS } from "../room/model-steps.ts";
import { unknown } from "../../worker-kit/window.ts";
import { pass } from "../../worker-kit/fake-clock.ts";
import { Absences } from "./absences.ts";
import { ModelShard, WindowClient } from "./model-shard.ts";
import { Network } from "./network.ts";
import { partOf } from "./part-of-storage.ts";

/** The numbers of shards that a model may have. */
export const GENERATIONS = [2, 3] as const;
const ROOM = "large-model";
/** Within so long after a fault has ended, everybody holds what is true. */
const REPAIR_MS = 5_000;
/** For so long nothing must have changed in the shards before it is compared: counts come every second. */
const REST_MS = 2_000;
/** Grace periods that end within this time share an alarm (SPEC L7.5). */
const GRACE_ALARM_MS = 2_000;

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
  /** How many tries to join are under way. */
  #joining = 0;
  readonly #absences = new Absences({
    network: this.network,
    shards: () => this.shards,
    hubStartedAt: () => this.#startedAt,
  });
  /** When the hub last started. */
  #startedAt = 0;
  /** When a shard last crashed. */
  #crashedAt = 0;
  /** When the shards' own lists last changed, and what they were. */
  #movedAt = 0;
  #versions = "";
  /** The users who are connected, and when the others were last. */
  #live = new Set<string>();
  readonly #leftAt = new Map<string, number>();

  constructor(storage: DurableObjectStorage) {
    this.startHub();
    const shards = GENERATIONS.flatMap(shardsOf);
    this.#shards = new Map();
    for (const shard of shards) {
      const name = objectName(ROOM, shard);
      const part = partOf(storage, `${shard.of}_${shard.index}`);
      const made = new ModelShard(name, part, this.#configOf(name), () => this.#noteTurn());
      this.#shards.set(name, made);
    }
  }

  #configOf(shard: string): Config {
    const limits = { ...LIMITS, maxConnectionsPerRoom: 100, maxConnectionsPerUser: 50 };
    const report = (report: Report) => {
      return this.network.call(shard, "hub", () =>
        this.#hub.runner.turn((now) => this.#hub.state.report(structuredClone(report), now)),
      );
    };
    return {
      ...parseConfig(env),
      limits,
      hubs: { getByName: () => ({ report }) },
      rooms: { getByName: (name: string) => this.#stub(shard, name) },
      directory: null,
    } as unknown as Config;
  }

  #noteTurn(): void {
    this.#absences.note();
    const states = this.shards.map(({ room }) => room.roster.list.state);
    const versions = JSON.stringify(states);
    if (versions !== this.#versions) this.#movedAt = Date.now();
    this.#versions = versions;
    const live = new Set(this.clients.flatMap(({ isMember, user }) => (isMember ? [user] : [])));
    for (const user of this.#live) if (!live.has(user)) this.#leftAt.set(user, Date.now());
    this.#live = live;
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

  #stub(from: string, name: string): ShardCalls {
    const get = (_: object, method: keyof ShardCalls) => {
      return (...args: unknown[]) =>
        this.network.call(from, name, () => {
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
      stubOf: (shard) => this.#stub("hub", objectName(ROOM, shard)),
    });
    this.#hub = { state, runner };
    this.#startedAt = Date.now();
    runner.run();
  }

  async join(client: WindowClient): Promise<void> {
    client.onState = (_client, before) => this.#absences.look(client, before);
    this.#joining++;
    const joined = await this.shardOf(client.user).join(client);
    this.#joining--;
    this.#movedAt = Date.now();
    if (!joined) this.away.push(client);
  }

  update(client: WindowClient, update: { status?: Status | null; data?: { n: number } | null }) {
    const shard = this.holderOf(client);
    // A choice that others see no change by has to reach the user's other shard, too.
    this.#movedAt = Date.now();
    shard.turn((now) => updateMember(shard.room, client.user, update, now));
  }

  watch(client: WindowClient, add: string[], remove: string[]): void {
    this.#movedAt = Date.now();
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
    this.#crashedAt = Date.now();
    this.away.push(...shard.crash());
  }

  /** Whether nothing has gone wrong or started again for as long as repairs may take. */
  get isSound(): boolean {
    const { lastFaultAt } = this.network;
    return Math.max(this.#startedAt, this.#crashedAt, lastFaultAt) <= Date.now() - REPAIR_MS;
  }

  /** Ends all faults, lets everybody come back, and compares what everybody holds. */
  async check(): Promise<void> {
    this.network.heal();
    // A try that began before may still be in vain.
    for (let tries = 0; this.away.length > 0 || this.#joining > 0; tries++) {
      expect(tries, "times that somebody tried to come back").toBeLessThan(5);
      for (const client of this.away.splice(0)) void this.join(client);
      while (this.#joining > 0) await pass(100);
    }
    while (!this.isSound) await pass(100);
    expect(await this.checkSoon()).toBe(true);
    await pass(LIMITS.staleMs + 15_000);
    expect(await this.checkSoon()).toBe(true);
    const watching = this.clients.filter(({ isMember }) => !isMember).length;
    expect(this.hub.watching).toBe(watching);
    for (const client of this.clients) expect(client.watching).toBe(watching);
  }

  /**
   * Compares what everybody holds as soon as nobody has come, gone or chosen for a moment; `false` if
   * something went wrong meanwhile.
   */
  async checkSoon(): Promise<boolean> {
    while (this.#movedAt > Date.now() - REST_MS) await pass(100);
    if (!this.isSound) return false;
    expect(this.#absences.found).toEqual([]);
    this.#checkLives();
    this.#compare(this.#truth());
    return true;
  }

  /** Whether those who are connected are shown, and nobody else after their grace period. */
  #checkLives(): void {
    for (const user of USERS) {
      const shown = this.shards.filter(({ room }) => room.roster.isShown(user));
      const isLive = this.#live.has(user);
      const isHidden = this.shards.some(({ room }) => room.roster.chosenBy(user) === "offline");
      const endedBy = (this.#leftAt.get(user) ?? 0) + LIMITS.graceMs + GRACE_ALARM_MS;
      if (isLive && !isHidden) expect(shown.length, user).toBeGreaterThan(0);
      if (!isLive && Date.now() > endedBy) expect(shown, user).toEqual([]);
    }
  }

  #compare(truth: Member[]): void {
    const { list } = this.hub;
    expect(list.members().map((text) => JSON.parse(text) as Member)).toEqual(truth);
    const present = truth.filter(({ status }) => status !== "offline");
    const counts = {
      online: present.length,
      connections: present.reduce((sum, { connections }) => sum + connections, 0),
    };
    expect({ online: list.online, connections: list.connections }).toEqual(counts);
    for (const client of this.clients) {
      expect(client.misfits).toEqual([]);
      expect(client.roll, client.connection!.id).toMatchObject(counts);
      const others = present.filter(({ id }) => !client.watched.has(id)).slice(0, client.limit);
      const watched = [...client.watched].map(
        (id) => truth.find((m) => m.id === id) ?? unknown(id),
      );
      const shown = [...others, ...watched].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      expect(client.roll!.members, client.connection!.id).toEqual(shown);
    }
  }

  /** What the shards have, merged by an independent computation. */
  #truth(): Member[] {
    const parts = this.shards.flatMap(({ room, clients }) =>
      room.roster.list.members().map((text) => {
        const member = JSON.parse(text) as Member;
        const { chosen, choseAt } = room.roster.find(member.id)!;
        return { member, chosen, choseAt, isTold: clients.length > 0 };
      }),
    );
    const users = Map.groupBy(parts, ({ member }) => member.id);
    const members = [...users].map(([id, of]) => {
      if (of.length === 1) return of[0]!.member;
      const { chosen } = of.toSorted((a, b) => b.choseAt - a.choseAt)[0]!;
      const shownIn = of.filter(({ member }) => member.status !== "offline");
      // At rest, a choice has reached every shard that the user is in, and that the hub tells anything:
      // not one that only keeps places of lost connections.
      for (const part of shownIn) if (part.isTold) expect(part.chosen, id).toBe(chosen);
      const present = chosen === "offline" ? [] : shownIn;
      const times = of.map(({ member }) => member.lastOnline ?? "").toSorted();
      // Of those who hide, the shards that a choice was passed on to have another time.
      const isHidden = of.some(({ chosen }) => chosen === "offline");
      const shown = JSON.parse(this.hub.list.member(id) ?? "{}") as Partial<Member>;
      const isOneOf = isHidden && times.includes(shown.lastOnline ?? "");
      const lastOnline = isOneOf ? shown.lastOnline! : times.at(-1)!;
      const { data: _, ...known } = of[0]!.member;
      if (present.length === 0)
        return { ...known, status: "offline" as const, connections: 0, lastOnline };
      const isOnline = present.some(({ member }) => member.status === "online");
      return {
        ...present[0]!.member,
        status: chosen ?? (isOnline ? "online" : "away"),
        connections: present.reduce((sum, { member }) => sum + member.connections, 0),
      } as Member;
    });
    return members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
