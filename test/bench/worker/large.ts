/**
 * A large room whose hub and shards each run in a Worker of their own, and so each have a heap of
 * their own, as on the platform; and what drives them from inside, by the calls that the service's
 * Worker makes. The objects are the production ones, but that they count what they are called for.
 */
import { Hub as ServedHub, Room as ServedRoom } from "../../../src/server/index.ts";
import type {
  MessageId,
  Report,
  ReportReceipt,
  SentMember,
  ListUpdate,
} from "../../../src/server/large/messages.ts";
import { parseObjectName } from "../../../src/server/large/shard.ts";
import { shardObject, type LargeEnv, type ObservedHub, type ObservedShard } from "./large-env.ts";
import type { Tally } from "./large-commands.ts";
import { AT_ONCE, forAll, hold } from "./enter.ts";
import { leaseOf } from "./large-members.ts";
import { count, observe, see, seen, tally } from "./tally.ts";

export class Room extends ServedRoom implements ObservedShard {
  override async tell(update: ListUpdate) {
    count(update);
    const answer = await super.tell(update);
    see(update.set, Date.now());
    return answer;
  }

  override speak(asked: MessageId | null): Promise<void> {
    count(null);
    return super.speak(asked);
  }

  override recall(shards: string[]): Promise<SentMember[] | null> {
    count(null);
    return super.recall(shards);
  }

  async holdAll(ids: string[]): Promise<void> {
    const room = { fetch: (url: string, init: RequestInit) => this.fetch(new Request(url, init)) };
    await forAll(ids, AT_ONCE, (id) => hold(room, id, leaseOf(id), { isNew: true, update: {} }));
  }

  observe(on: boolean): void {
    observe(on);
  }

  tally(): Tally {
    return tally();
  }

  seen(): Record<string, number> {
    return seen();
  }
}

/** Finds a shard in the Worker that keeps it. */
const roomsOf = (env: LargeEnv) => ({
  getByName: (name: string) => shardObject(env, parseObjectName(name).shard!.index),
});

export class Hub extends ServedHub implements ObservedHub {
  constructor(ctx: DurableObjectState, env: LargeEnv) {
    super(ctx, { ...env, ROOMS: roomsOf(env) as unknown as LargeEnv["ROOMS"] });
  }

  override report(report: Report): Promise<ReportReceipt> {
    count(report);
    return super.report(report);
  }

  observe(on: boolean): void {
    observe(on);
  }

  tally(): Tally {
    return tally();
  }
}

export { Filler } from "./filler.ts";
export { Driver } from "./large-driver.ts";
export { StandIn } from "./stand-in.ts";
/** Bound by the wrangler.toml of the service, and not asked here. */
export { Directory, User } from "../../../src/server/index.ts";

export default {
  fetch(request, env) {
    return env.DRIVER.getByName("driver").fetch(request);
  },
} satisfies ExportedHandler<LargeEnv>;
