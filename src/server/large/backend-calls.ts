import type { Ended, MemberView, RoomEvent, RoomObject, RoomStats } from "../room/room-object.ts";
import { callTwice } from "../platform/object-call.ts";
import { within } from "../platform/time-limit.ts";
import type { Admission } from "../session/room-session.ts";
import type { Revocation } from "../user/revocation.ts";
import { strongestOf } from "../user/whereabouts.ts";
import type { LargeRoomStats } from "./hub-object.ts";
import type { HubOutboxStats } from "./hub-reports.ts";
import type { HubState } from "./hub-state.ts";
import { keyOf, shardOfUser, shardsOf, type Shard } from "./shard.ts";

/** A shard that has not answered by then is left out of an answer, or fails the call. */
const ANSWER_MS = 2_000;

/** Passes the backend's calls to a large room on to the shards that they concern (SPEC N5, N6). */
export class BackendCalls {
  readonly #room: string;
  readonly #state: HubState;
  /** The configured number of shards: a user may be about to join one that has not reported yet. */
  readonly #configured: number | null;
  readonly #stubOf: (shard: Shard) => RoomObject;
  #events = 0;
  /** The last delivery to each shard: events arrive in the order of their numbers. */
  readonly #deliveries = new Map<string, Promise<unknown>>();

  constructor(
    room: string,
    state: HubState,
    configured: number | null,
    stubOf: (shard: Shard) => RoomObject,
  ) {
    this.#room = room;
    this.#state = state;
    this.#configured = configured;
    this.#stubOf = stubOf;
  }

  async deliver(event: RoomEvent): Promise<number> {
    const id = `${this.#state.list.epoch}.${++this.#events}`;
    const { users, roles } = event.to ?? {};
    const isForUsers = users !== undefined && roles === undefined;
    const all = this.#state.generations.flatMap(shardsOf);
    const shards = isForUsers ? users.flatMap((user) => this.#shardsOfUser(user)) : all;
    const keys = new Map(shards.map((shard) => [keyOf(shard), shard]));
    const delivered = await Promise.all(
      [...keys].map(([key, shard]) => {
        const before = this.#deliveries.get(key) ?? Promise.resolve();
        // No retry: some might get the event twice.
        const send = () =>
          within(ANSWER_MS, async () => this.#stubOf(shard).deliver({ ...event, id }));
        const sent = before.then(send);
        this.#deliveries.set(
          key,
          sent.catch(() => {}),
        );
        return sent;
      }),
    );
    return delivered.reduce((sum, count) => sum + count, 0);
  }

  async kick(user: string): Promise<number> {
    const closed = await this.#ask(user, (stub) => stub.kick(user));
    return closed.reduce((sum, count) => sum + count, 0);
  }

  async revoke(user: string, revocation: Revocation, stamp: number): Promise<Ended> {
    return merged(await this.#ask(user, (stub) => stub.revoke(user, revocation, stamp)));
  }

  async forget(user: string, before: Admission): Promise<Ended> {
    return merged(await this.#ask(user, (stub) => stub.forget(user, before)));
  }

  async sight(user: string, stamp: number): Promise<MemberView & { isHere: boolean }> {
    const views = await this.#ask(user, (stub) => stub.sight(user, stamp));
    return {
      isHere: views.some(({ isHere }) => isHere),
      status: strongestOf(views.map(({ status }) => status)),
      connections: views.reduce((sum, { connections }) => sum + connections, 0),
      lastOnline: latest(views),
    };
  }

  /** Ends a lease, which is most likely the user's; the lease alone decides, so it may be another's. */
  async endLease(connection: string, closing: boolean, user?: string): Promise<boolean> {
    const end = async (shards: readonly Shard[]) => {
      const answers = await this.#askAll(shards, (stub) => stub.endLease(connection, closing));
      return answers.includes(true);
    };
    if (user === undefined) return end(this.#all());
    const likely = this.#shardsOfUser(user);
    if (await end(likely)) return true;
    const asked = new Set(likely.map(keyOf));
    return end(this.#all().filter((shard) => !asked.has(keyOf(shard))));
  }

  async stats(outbox: HubOutboxStats): Promise<LargeRoomStats> {
    const { list } = this.#state;
    const asked = this.#all();
    const answers = await Promise.allSettled(
      asked.map((shard) => within(ANSWER_MS, async () => this.#stubOf(shard).stats())),
    );
    const shards = asked.map(({ of, index: shard }, at) => {
      const answer = answers[at]!;
      if (answer.status === "rejected") return { shard, of, copy: null };
      const { room: _, copy = null, ...stats } = answer.value;
      return { shard, of, ...stats, copy };
    });
    const known = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? [answer.value] : [],
    );
    const sum = (of: (stats: RoomStats) => number) => known.reduce((all, one) => all + of(one), 0);
    const own = outbox.oldestAt === null ? [] : [new Date(outbox.oldestAt).toISOString()];
    const waiting = known.flatMap(({ outbox: { oldest } }) => (oldest === null ? [] : [oldest]));
    return {
      room: this.#room,
      ...list.state,
      online: list.online,
      connections: list.connections,
      members: sum(({ members }) => members),
      sockets: sum(({ sockets }) => sockets),
      ghosts: sum(({ ghosts }) => ghosts),
      outbox: {
        messages: sum((stats) => stats.outbox.messages) + outbox.messages,
        events: sum((stats) => stats.outbox.events) + outbox.events,
        oldest: [...own, ...waiting].toSorted()[0] ?? null,
        dead: sum((stats) => stats.outbox.dead) + outbox.dead,
      },
      shards,
    };
  }

  #all(): Shard[] {
    return this.#generations.flatMap(shardsOf);
  }

  get #generations(): number[] {
    const { generations } = this.#state;
    if (this.#configured === null || generations.includes(this.#configured)) return generations;
    return [...generations, this.#configured];
  }

  #shardsOfUser(user: string): Shard[] {
    return this.#generations.map((of) => shardOfUser(user, of));
  }

  #ask<Result>(
    user: string,
    call: (stub: RoomObject) => Promise<Result>,
  ): Promise<Awaited<Result>[]> {
    return this.#askAll(this.#shardsOfUser(user), call);
  }

  #askAll<Result>(
    shards: readonly Shard[],
    call: (stub: RoomObject) => Promise<Result>,
  ): Promise<Awaited<Result>[]> {
    const ask = (shard: Shard) => callTwice(async () => call(this.#stubOf(shard)));
    return Promise.all(shards.map((shard) => within(ANSWER_MS, () => ask(shard))));
  }
}

function latest(seen: readonly { lastOnline: number | null }[]): number | null {
  const times = seen.flatMap(({ lastOnline }) => (lastOnline === null ? [] : [lastOnline]));
  return times.length > 0 ? Math.max(...times) : null;
}

/** One answer of all shards; a shard that was sent a stamp answers more than a number. */
function merged(answers: readonly (Ended | number)[]): Ended {
  const ended = answers.filter((answer) => typeof answer !== "number");
  return {
    closed: ended.reduce((sum, { closed }) => sum + closed, 0),
    isHere: ended.some(({ isHere }) => isHere),
    lastOnline: latest(ended),
  };
}
