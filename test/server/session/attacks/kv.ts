import {
  alter,
  invalid,
  same,
  MALFORMED,
  expired,
  noServer,
  DAY_MS,
  type Subject,
} from "./attack.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

export function makeKvSubject(): Subject {
  const key = "k3yK3yk3yK3yk3yK3yk3yK";
  const other = (name: string) => `${name}-${"x".repeat(22)}`;
  const stored = new Map([
    [`session:${key}`, JSON.stringify({ user: { id: "ada" }, expiresAt: NOW + DAY_MS })],
    [`session:${other("text")}`, "hello"],
    [`session:${other("user")}`, JSON.stringify({ user: "ada" })],
    ["session:short", JSON.stringify({ user: { id: "ada" } })],
    [`secret:${key}`, JSON.stringify({ user: { id: "admin" } })],
  ]);
  const store = { get: async (name: string) => stored.get(name) ?? null } as unknown as KVNamespace;
  const down = { get: () => Promise.reject(new Error("KV is down")) } as unknown as KVNamespace;
  return {
    name: "kv",
    env: { SESSION_FORMAT: "kv", SESSIONS: store },
    now: NOW,
    cookie: "session",
    token: { cookie: key, bearer: key },
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      { name: "altered", token: alter, code: invalid },
      { name: "of too few bits", token: () => "short", code: invalid },
      { name: "of another alphabet", token: (good) => [`${good}/..`, `${good}%0A`], code: invalid },
      { name: "of the wrong shape", token: () => [other("text"), other("user")], code: invalid },
      { name: "signed out", token: () => other("gone"), code: invalid },
      expired(NOW),
      {
        name: "a store that is down",
        token: same,
        env: { SESSIONS: down },
        code: "session_unavailable",
      },
    ],
  };
}
