import type { Member, Snapshot } from "../../../src/protocol/messages.ts";
import { LIMIT } from "./window-client.ts";

/** What `GET` answers of all users of a room, at one version. */
export type Truth = Pick<Snapshot, "epoch" | "version" | "online" | "connections" | "members">;

/** The most users that one `GET` may watch (SPEC S4.5). */
const AT_ONCE = 50;
const IN_FLIGHT = 4;
/** Each may make 600 requests a minute (SPEC A7.7). */
const REQUESTS_OF_A_READER = 200;
const WAIT_MS = 60_000;

/** Reads a large room by windows: nobody is sent all of it. */
export class TruthReader {
  readonly #url: string;
  readonly #tokenOf: (reader: string) => Promise<string>;
  readonly #tokens = new Map<string, Promise<string>>();
  #requests = 0;

  constructor(url: string, tokenOf: (reader: string) => Promise<string>) {
    this.#url = url;
    this.#tokenOf = tokenOf;
  }

  /** A window as `GET` answers it. */
  async window(watched: readonly string[], limit: number): Promise<Snapshot> {
    const reader = `reader-${Math.floor(this.#requests++ / REQUESTS_OF_A_READER)}`;
    if (!this.#tokens.has(reader)) this.#tokens.set(reader, this.#tokenOf(reader));
    const headers = { Authorization: `Bearer ${await this.#tokens.get(reader)}` };
    const query = new URLSearchParams({ view: "window", limit: String(limit) });
    for (const id of watched) query.append("watch", id);
    const signal = AbortSignal.timeout(WAIT_MS);
    const answer = await fetch(`${this.#url}?${query}`, { headers, signal });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Snapshot;
  }

  /**
   * What the room answers of all these users, and of nobody else; `null` if that changed meanwhile.
   */
  async read(users: readonly string[]): Promise<Truth | null> {
    const parts: string[][] = [];
    for (let at = 0; at < users.length; at += AT_ONCE) parts.push(users.slice(at, at + AT_ONCE));
    const answers: Snapshot[] = [];
    const next = async (): Promise<void> => {
      for (let part = parts.pop(); part; part = parts.pop()) {
        answers.push(await this.window(part, 0));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, next));
    const [{ epoch, version, online, connections }] = answers as [Snapshot];
    if (answers.some((each) => each.epoch !== epoch || each.version !== version)) return null;
    const members = answers.flatMap((each) => each.members).filter((each) => !isUnknown(each));
    return { epoch, version, online, connections, members: members.toSorted(byId) };
  }
}

const byId = (a: Member, b: Member) => (a.id < b.id ? -1 : 1);
const isUnknown = ({ status, lastOnline }: Member) => status === "offline" && lastOnline === null;

/** The windows that a room shows, by the rules (SPEC S4.1, S5.2). */
export class Windows {
  readonly #byId: ReadonlyMap<string, Member>;
  readonly #present: readonly Member[];

  constructor({ members }: Truth) {
    this.#byId = new Map(members.map((member) => [member.id, member]));
    this.#present = members.filter(({ status }) => status !== "offline");
  }

  /** The members that are shown to somebody who watches these users. */
  of(watched: readonly string[]): Member[] {
    const near = this.#present.slice(0, LIMIT + watched.length);
    const others = near.filter(({ id }) => !watched.includes(id)).slice(0, LIMIT);
    const shown = watched.map((id) => this.#byId.get(id) ?? unknown(id));
    return [...others, ...shown].toSorted(byId);
  }
}

const unknown = (id: string): Member => {
  return { id, name: id, status: "offline", connections: 0, lastOnline: null };
};
