import type { HubObject } from "../../../src/server/large/hub-object.ts";
import type { RoomObject } from "../../../src/server/room/room-object.ts";
import type { Env } from "../../../src/server/index.ts";
import { ROOM, shardBinding, SHARDS, type Tally } from "./large-commands.ts";

/** What hub and shards answer here beside what they answer in production. */
export interface Observed {
  observe(on: boolean): void;
  tally(): Tally;
}

export interface ObservedHub extends HubObject, Observed {}

export interface ObservedShard extends RoomObject, Observed {
  /** Makes users present by leases, from inside. */
  holdAll(ids: string[]): Promise<void>;
  /** When this shard had each change since it began to observe. */
  seen(): Record<string, number>;
}

/** What the driver asks of a stand-in for a shard. */
export interface StandInObject extends Rpc.DurableObjectBranded {
  /** Makes users present. */
  fill(ids: string[]): Promise<void>;
  /** Changes members, one after the other, at a rate. */
  change(perSecond: number, ms: number): Promise<void>;
  /** How many members it was told of. */
  told(): Promise<number>;
}

/** The bindings of the Workers among which a large room is spread, one object in each. */
export interface LargeEnv extends Omit<Env, "HUBS"> {
  DRIVER: DurableObjectNamespace;
  STAND_INS: DurableObjectNamespace<StandInObject>;
  HUBS: DurableObjectNamespace<ObservedHub>;
  /** By the binding of the Worker that keeps it, {@link shardBinding}. */
  [shard: `SHARD_${number}`]: DurableObjectNamespace<ObservedShard>;
}

const nameOf = (index: number) => `${ROOM}#${SHARDS}/${index}`;

/** The object of a shard, in whichever Worker it is. */
export function shardObject(env: LargeEnv, index: number): DurableObjectStub<ObservedShard> {
  return env[shardBinding(index)]!.getByName(nameOf(index));
}

/** The object that stands in for a shard. */
export function standIn(env: LargeEnv, index: number): DurableObjectStub<StandInObject> {
  return env.STAND_INS.getByName(nameOf(index));
}
