import type { Env } from "../../../../src/server/env.ts";
import type { ErrorCode } from "../../../../src/server/errors.ts";

/** A format in one configuration, a session that is valid there, and the attacks on it. */
export interface Subject {
  name: string;
  env: Partial<Env>;
  now: number;
  /** The cookie's name. */
  cookie: string;
  /** The valid session, in the form for each way to enter. */
  token: { cookie: string; bearer: string };
  /** The answers of the servers that the service asks. */
  fetch: typeof fetch;
  attacks: Attack[];
}

export interface Attack {
  name: string;
  /** Turns the valid one into the invalid ones. */
  token(good: string, way: keyof Subject["token"]): string | string[];
  env?: Partial<Env>;
  now?: number;
  code: ErrorCode;
}

export const DAY_MS = 86_400_000;
export const SECRET = "a secret of the app for tests only";
const OTHER_SECRET = "another secret of another app: none";

/** Changes the character in the middle, to one of the same alphabet. */
export function alter(part: string): string {
  const at = Math.floor(part.length / 2);
  const other = part[at] === "b" ? "c" : "b";
  return part.slice(0, at) + other + part.slice(at + 1);
}

/** The token once with each of its parts altered. */
export function alterEach(token: string, separator: string): string[] {
  const parts = token.split(separator);
  return parts.map((_, n) =>
    parts.map((part, m) => (n === m ? alter(part) : part)).join(separator),
  );
}

export const invalid = "session_invalid";
export const same = (good: string) => good;

/** The attacks on sessions of every format. */
export const MALFORMED: Attack[] = [
  { name: "truncated", token: (good) => [good.slice(0, -4), good.slice(0, 10)], code: invalid },
  { name: "oversized", token: (good) => good + "A".repeat(8000), code: invalid },
  {
    name: "no session at all",
    // An empty cookie counts as absent.
    token: (_good, way) => [
      ...(way === "bearer" ? [""] : []),
      "hello",
      "null",
      "{}",
      "..",
      "a.b.c",
      "a.b.c.d.e",
      "--",
      "|",
      "base64-",
      "%00",
    ],
    code: invalid,
  },
];

export const otherKey: Attack = {
  name: "another key",
  token: same,
  env: { SESSION_SECRET: OTHER_SECRET },
  code: invalid,
};
export const expired = (now: number): Attack => ({
  name: "expired",
  token: same,
  now: now + 40 * DAY_MS,
  code: "session_expired",
});
export const forgedAndExpired = (now: number, separator: string): Attack => ({
  name: "forged and expired",
  token: (good) => alterEach(good, separator),
  now: now + 40 * DAY_MS,
  code: invalid,
});
export const otherPurpose: Attack = {
  name: "made for a cookie of another name",
  token: same,
  env: { SESSION_COOKIE: "other" },
  code: invalid,
};

interface Vector {
  title: string;
  madeBy: string;
  cookie: string;
  bearer?: string;
}

/** A fixture's session; its cookie is a single one. */
export function vectorOf({ vectors }: { vectors: Vector[] }, title: string) {
  const vector = vectors.find((vector) => vector.title === title)!;
  const at = vector.cookie.indexOf("=");
  const value = vector.cookie.slice(at + 1);
  return {
    cookie: vector.cookie.slice(0, at),
    token: { cookie: value, bearer: vector.bearer ?? value },
  };
}

/** A forged session that a fixture holds. */
export function fromFixture(fixture: { vectors: Vector[] }, title: string, name = title): Attack {
  const { token } = vectorOf(fixture, title);
  return { name, token: (_good, way) => token[way], code: invalid };
}

export const noServer: typeof fetch = () => Promise.reject(new TypeError("no server here"));
export const nowOf = (fixture: { now: string }) => Date.parse(fixture.now);
