import { DurableObject } from "cloudflare:workers";
import type {
  Receipt,
  Report,
  SentMember,
  ListUpdate,
} from "../../../src/server/large/messages.ts";
import { parseObjectName } from "../../../src/server/large/shard.ts";
import { Stream } from "../../../src/server/large/stream.ts";
import { memberJson } from "./large-members.ts";
import type { LargeEnv, StandInObject } from "./large-env.ts";
import { ROOM } from "./large-commands.ts";

/** How often it changes some of its members. */
const CHANGE_MS = 250;
/** More often than an object is evicted that nothing happens to. */
const AWAKE_MS = 5_000;

/**
 * Speaks to the hub like a shard, and does nothing else: what the process takes beside it is the
 * hub's.
 */
export class StandIn extends DurableObject<LargeEnv> implements StandInObject {
  readonly #members = new Map<string, SentMember>();
  readonly #stream = new Stream(crypto.randomUUID(), () => this.#members.keys());
  readonly #shard = parseObjectName(this.ctx.id.name!).shard!;
  #holds: string | null = null;
  #told = 0;
  #changed = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  async fill(ids: string[]): Promise<void> {
    for (const id of ids) this.#members.set(id, [id, memberJson(id, "online"), 1]);
    // Its members are in memory only, and a timer keeps an object there.
    setInterval(() => {}, AWAKE_MS);
    this.#stream.restart();
    this.#run();
  }

  async change(perSecond: number, ms: number): Promise<void> {
    const until = Date.now() + ms;
    const ids = [...this.#members.keys()];
    while (Date.now() < until) {
      for (let left = (perSecond * CHANGE_MS) / 1000; left > 0; left--) {
        const id = ids[this.#changed % ids.length]!;
        const round = Math.floor(this.#changed++ / ids.length);
        const status = round % 2 === 0 ? "busy" : "online";
        this.#members.set(id, [id, memberJson(id, status), 1, Date.now(), status]);
        this.#stream.note(id);
      }
      this.#run();
      await scheduler.wait(CHANGE_MS);
    }
  }

  async told(): Promise<number> {
    return this.#told;
  }

  async tell({ from, set }: ListUpdate): Promise<Receipt> {
    this.#holds = from;
    this.#told += set.length;
    return "taken";
  }

  async speak(): Promise<void> {
    this.#stream.restart();
    this.#run();
  }

  async recall(): Promise<null> {
    return null;
  }

  #run(): void {
    const now = Date.now();
    const at = this.#stream.dueAt(now);
    if (at <= now) return void this.#report(now);
    if (at === Number.POSITIVE_INFINITY || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#run();
    }, at - now);
  }

  async #report(now: number): Promise<void> {
    const { envelope, ids } = this.#stream.begin(now);
    const report: Report = {
      ...envelope,
      shard: this.#shard,
      set: ids.map((id) => this.#members.get(id)!),
      gone: [],
      watching: 0,
      listens: this.#members.size > 0,
      holds: this.#holds,
      isEmpty: this.#members.size === 0,
    };
    try {
      const { receipt } = await this.env.HUBS.getByName(ROOM).report(report);
      this.#stream.settle(receipt);
    } catch {
      this.#stream.fail();
    }
    this.#run();
  }
}
