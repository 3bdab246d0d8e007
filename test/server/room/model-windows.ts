import fc from "fast-check";
import { expect, vi } from "vitest";
import type { Replica } from "../../../src/client/replica.ts";
import type { Delta, Member, Snapshot } from "../../../src/protocol/messages.ts";
import { admit, admitWatcher, welcome } from "../../../src/server/room/connections/admission.ts";
import { Connection } from "../../../src/server/room/connections/connection.ts";
import { drop } from "../../../src/server/room/connections/leave.ts";
import { answerRead } from "../../../src/server/room/read.ts";
import { unknown } from "../../worker-kit/window.ts";
import { Client, heldIn } from "./model-client.ts";
import type { Model } from "./model.ts";
import { USERS } from "./model-steps.ts";

const COUNTS_EVERY_MS = 1_000;
/** Long enough to send everything, including the number of watchers. */
export const LONGEST_TELLING_MS = 6_000;
const IDS = [...USERS, "nobody"];

export type WindowStep =
  | {
      do: "open";
      user: number;
      limit: number;
      isMember: boolean;
      isLater: boolean;
      resume: boolean;
    }
  | { do: "watch"; which: number; add: string[]; remove: string[]; denied: string[] }
  | { do: "sync" | "shut"; which: number }
  | { do: "sleep" };

const which = fc.nat(20);
const ids = fc.subarray(IDS);
export const windowStep: fc.Arbitrary<WindowStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("open" as const),
      user: fc.nat(USERS.length - 1),
      limit: fc.nat(3),
      isMember: fc.boolean(),
      isLater: fc.boolean(),
      resume: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("watch" as const),
      which,
      add: ids,
      remove: ids,
      denied: ids,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("sync" as const, "shut" as const), which }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("sleep" as const) }) },
);

/** A client with a window: it knows whom it watches, and whom of them it may not watch. */
class WindowClient extends Client {
  readonly watched = new Map<string, "allowed" | "denied">();
  /** The users that it added, and was not sent since. */
  readonly added = new Set<string>();
  readonly limit: number;
  readonly isMember: boolean;
  watching: number | null = null;
  /** What it holds may be of users whom its next connection does not watch. */
  hasWatched = false;
  /** When its connection was last sent counts and nothing else. */
  countsAt = Number.NEGATIVE_INFINITY;
  constructor(user: string, limit: number, isMember: boolean) {
    super(user);
    this.limit = limit;
    this.isMember = isMember;
  }
  override receive(text: string): Snapshot | Delta | null {
    const frame = JSON.parse(text) as { type: string; watching: number };
    if (frame.type === "watching") {
      this.watching = frame.watching;
      this.frames.push({ at: Date.now(), text });
    }
    const before = this.roll;
    const state = super.receive(text);
    if (state?.type === "delta" && state.set.length + state.gone.length === 0) {
      const isNews = before?.online !== state.online || before.connections !== state.connections;
      // The answer to `since` may be empty.
      if (!isNews && state.from !== state.version) this.misfits.push(`nothing: ${text}`);
      if (isNews && Date.now() < this.countsAt + COUNTS_EVERY_MS)
        this.misfits.push(`soon: ${text}`);
      if (isNews) this.countsAt = Date.now();
    }
    if (state?.type === "delta") this.#expectNothingOfDenied(state, before, text);
    if (state) this.added.clear();
    return state;
  }
  /** A user whom it may not watch is sent as unknown once, and never changes (SPEC S6). */
  #expectNothingOfDenied({ set }: Delta, before: Replica | null, text: string): void {
    for (const { id } of set) {
      const isKnown = before?.members.some((member) => member.id === id);
      const isNews = !isKnown || this.added.has(id);
      if (this.watched.get(id) === "denied" && !isNews) this.misfits.push(`denied: ${text}`);
    }
  }
}

/** Windows of a model's room, and what each must show. */
export class ModelWindows {
  readonly #model: Model;
  #opened = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  get all(): WindowClient[] {
    return this.#model.others.filter((client) => client instanceof WindowClient);
  }

  async take(step: WindowStep): Promise<void> {
    const live = this.all.filter(({ connection }) => connection !== null);
    const client = "which" in step ? live[step.which % Math.max(1, live.length)] : undefined;
    if (step.do === "sleep") {
      vi.advanceTimersByTime(LONGEST_TELLING_MS);
      // The platform lets a room hibernate 10 s after its last event, so not soon after it sent counts.
      const isSoon = this.all.some(({ countsAt }) => Date.now() < countsAt + COUNTS_EVERY_MS);
      return isSoon ? undefined : this.#model.sleep();
    }
    this.#model.turn((now) => {
      if (step.do === "open") this.open(step, now);
      else if (client && step.do === "watch") this.watch(client, step);
      else if (client && step.do === "sync")
        this.#model.room.broadcaster.sync(client.connection!, now);
      else if (client) this.#shut(client, now);
    });
  }

  open(
    { user, limit, isMember, isLater, resume }: Omit<Extract<WindowStep, { do: "open" }>, "do">,
    now: number,
  ): WindowClient | null {
    const { room } = this.#model;
    const id = USERS[user]!;
    const cutOff = this.all.find(
      (client) => client.user === id && !client.connection && client.limit === limit && client.roll,
    );
    // Its list ended with its connection: only a client that watched nobody can resume.
    const resumed = resume && cutOff?.hasWatched === false && cutOff.isMember === isMember;
    const client = resumed ? cutOff! : new WindowClient(id, limit, isMember);
    const session = { user: { id }, roles: [], issuedAt: now, expiresAt: now + 1e9 };
    const connection = `window-${++this.#opened}`;
    const refused = isMember ? admit(room, session, connection, now) : admitWatcher(room, session);
    if (refused) return null;
    client.countsAt = Number.NEGATIVE_INFINITY;
    client.connection = Connection.open(this.#model.open(client), {
      id: connection,
      view: "window",
      limit,
      ...(!isMember && { watches: true }),
      origin: "https://presence.example.com",
      renews: false,
      session,
      heardAt: now,
    });
    welcome(room, client.connection, session, isLater ? "later" : client.roll, now);
    if (!this.#model.others.includes(client)) this.#model.others.push(client);
    return client;
  }

  watch(
    client: WindowClient,
    { add, remove, denied }: { add: string[]; remove: string[]; denied: string[] },
  ): void {
    const { watchLists, broadcaster } = this.#model.room;
    // If the app has a rule, a window shows nobody else.
    const allowed = (id: string) => client.limit > 0 || !denied.includes(id);
    watchLists.change(client.connection!, { add, remove, allowed });
    broadcaster.rewatch(client.connection!, add);
    for (const id of add) client.added.add(id);
    for (const id of remove) client.watched.delete(id);
    client.hasWatched ||= add.length > 0;
    for (const id of add) client.watched.set(id, allowed(id) ? "allowed" : "denied");
  }

  /** What `GET` answers with the same window. */
  #read(limit: number, watched: WindowClient["watched"]): Promise<Snapshot> {
    const { room } = this.#model;
    const denied = [...watched].filter(([, may]) => may === "denied").map(([id]) => id);
    const window = { limit, watched: [...watched.keys()], denied };
    const answer = this.#model.turn(() => answerRead({ requestId: "", window }, null, room), true);
    return answer.json();
  }

  #shut(client: WindowClient, now: number): void {
    const { connection } = client;
    drop(this.#model.room, connection!, "closed");
    if (client.isMember) this.#model.roster.end(now, connection!.ref, now);
    client.connection = null;
    client.watched.clear();
  }

  /** Compares every window with the whole room, by an independent computation. */
  async check(): Promise<void> {
    vi.advanceTimersByTime(LONGEST_TELLING_MS);
    const truth = (await this.#model.get()) as Snapshot;
    const live = this.all.filter(({ connection }) => connection !== null);
    const watchers = live.filter(({ isMember }) => !isMember).length;
    for (const client of this.all) expect(client.misfits).toEqual([]);
    for (const { connection, roll, limit, watched, watching } of live) {
      expect(roll?.members, connection!.id).toEqual(windowOf(truth.members, limit, watched));
      expect([roll!.online, roll!.connections]).toEqual([truth.online, truth.connections]);
      const read = await this.#read(limit, watched);
      expect(heldIn({ ...read, version: roll!.version })).toEqual(
        heldIn({ ...roll!, epoch: truth.epoch }),
      );
      expect(watching).toBe(watchers);
      if (roll!.epoch === truth.epoch) expect(roll!.version).toBeLessThanOrEqual(truth.version);
    }
  }
}

function windowOf(
  members: readonly Member[],
  limit: number,
  watched: ReadonlyMap<string, "allowed" | "denied">,
): Member[] {
  const others = members.filter(({ id, status }) => status !== "offline" && !watched.has(id));
  const shown = [...watched].map(([id, may]) => {
    const known = may === "allowed" ? members.find((member) => member.id === id) : undefined;
    return known ?? unknown(id);
  });
  return [...others.slice(0, limit), ...shown].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
