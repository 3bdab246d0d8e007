import {
  NONE,
  type Dialect,
  type Join,
  type Shared,
  type Shown,
  type View,
  userAt,
} from "./dialect.ts";
import { pathQuery, watchFrames } from "./shown.ts";
import { signSession } from "./sign.ts";

/** Longer than all that stands before the members. */
const HEAD = 400;
const COUNTS = /"version":(\d+),"online":(\d+)/;
const FROM = /"from":(\d+)/;
const ID = Buffer.from('"id":"u');

const CODE = { delta: 100, snapshot: 115, probe: 112 } as const;

/** A client's answer to a probe. */
export function answerProbe(probe: string): string {
  return probe.includes('"n":') ? probe.replace('"probe"', '"alive"') : "ping";
}

/** Reads versions and counts, and completely only one copy of frames that all clients get. */
class RollcallView implements View {
  online = 0;
  changed: readonly number[] = NONE;
  readonly #shared: Shared;
  /** Whether others are shown something else at the same version. */
  readonly #isOwn: boolean;
  #version = -1;

  constructor(shared: Shared, shown: Shown | undefined) {
    this.#shared = shared;
    this.#isOwn = typeof shown === "object";
  }

  read(payload: Buffer): string | null {
    this.changed = NONE;
    // `{"type":"` is nine characters long.
    const code = payload[9];
    if (code === CODE.probe) return answerProbe(payload.toString());
    const isSnapshot = code === CODE.snapshot && payload[10] === 110;
    if (code !== CODE.delta && !isSnapshot) return null;
    const head = payload.toString("latin1", 0, Math.min(HEAD, payload.length));
    const counts = COUNTS.exec(head)!;
    if (code === CODE.delta) {
      const from = Number(FROM.exec(head)![1]);
      if (from !== this.#version) throw new Error(`A delta from ${from} came at ${this.#version}.`);
      this.changed = this.#usersOf(payload, `${from}-${counts[1]}`);
    }
    this.#version = Number(counts[1]);
    this.online = Number(counts[2]);
    return null;
  }

  #usersOf(payload: Buffer, key: string): readonly number[] {
    const { memo } = this.#shared;
    if (this.#isOwn || memo.key !== key) {
      memo.key = key;
      memo.users = [];
      for (let at = payload.indexOf(ID); at >= 0; at = payload.indexOf(ID, at + 1)) {
        memo.users.push(userAt(payload, at + ID.length - 1));
      }
    }
    return memo.users;
  }
}

/** Like a browser: a cookie, and the page's origin. */
export function rollcallHeaders({
  port,
  user,
  secret,
}: Pick<Join, "port" | "user" | "secret">): string[] {
  return [`Origin: http://127.0.0.1:${port}`, `Cookie: session=${signSession(user, secret)}`];
}

export const rollcall: Dialect = {
  path: ({ room, shown }) => `/rooms/${room}${pathQuery(shown)}`,
  headers: rollcallHeaders,
  greeting: ({ user, shown }) => watchFrames(user, shown),
  becomeBusy: () => '{"type":"update","status":"busy"}',
  heartbeat: { text: "ping", everyMs: 9_000 },
  newView: (shared, shown) => new RollcallView(shared, shown),
};
