import laravel from "../fixtures/laravel.json" with { type: "json" };
import {
  alter,
  DAY_MS,
  expired,
  forgedAndExpired,
  fromFixture,
  invalid,
  MALFORMED,
  noServer,
  nowOf,
  otherPurpose,
  vectorOf,
  type Attack,
  type Subject,
} from "./attack.ts";

const good = vectorOf(laravel, "a user").token;
const [first = "", second = ""] = good.bearer.split(".");
const id = / (\w{40})=/.exec(good.cookie)![1]!;

/** Changes what is in the envelope of a cookie, which is JSON in base64. */
function withEnvelope(change: (envelope: Record<string, string>) => object): string[] {
  const changed = [first, second].map((value) => {
    const envelope = JSON.parse(atob(value)) as Record<string, string>;
    return btoa(JSON.stringify(change(envelope)));
  });
  return [`${changed[0]}.${second}`, `${first}.${changed[1]}`];
}

/** As a cookie, or as a bearer token, what is written as the latter. */
function asEither(tokens: (good: string) => string[]): Attack["token"] {
  return (_good, way) =>
    tokens(good.bearer).map((token) => {
      const [one = "", other = ""] = token.split(".");
      const cookies = `${encodeURIComponent(one)}; ${id}=${encodeURIComponent(other)}`;
      return way === "cookie" ? cookies : token;
    });
}

const FORGED: Record<string, (good: string) => string[]> = {
  altered: () => [`${alter(first)}.${second}`, `${first}.${alter(second)}`],
  "another MAC": () => withEnvelope((envelope) => ({ ...envelope, mac: alter(envelope["mac"]!) })),
  "no MAC": () => withEnvelope((envelope) => ({ ...envelope, mac: "" })),
  "the MAC in capitals": () =>
    withEnvelope((envelope) => ({ ...envelope, mac: envelope["mac"]!.toUpperCase() })),
  "another IV": () => withEnvelope((envelope) => ({ ...envelope, iv: alter(envelope["iv"]!) })),
  "a tag, as of another cipher": () =>
    withEnvelope((envelope) => ({ ...envelope, tag: "AAAAAAAAAAAAAAAAAAAAAA==" })),
  "more in the envelope": () => withEnvelope((envelope) => ({ ...envelope, expires: 9e9 })),
  "its parts moved": () =>
    withEnvelope(({ iv = "", value = "", ...rest }) => ({
      ...rest,
      iv: iv + value.slice(0, 1),
      value: value.slice(1),
    })),
  "the first cookie for both": () => [`${first}.${first}`],
  "the second cookie for both": () => [`${second}.${second}`],
  "too long in its second": () => [`${first}.${second}${"A".repeat(8000)}`],
};

export function makeLaravelSubject(): Subject {
  const now = nowOf(laravel);
  return {
    name: "laravel",
    env: { SESSION_FORMAT: "laravel", SESSION_SECRET: laravel.secret },
    now,
    ...vectorOf(laravel, "a user"),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      {
        name: "another key",
        token: (good) => good,
        env: { SESSION_SECRET: `base64:${btoa("x".repeat(32))}` },
        code: invalid,
      },
      otherPurpose,
      ...Object.entries(FORGED).map(([name, tokens]): Attack => ({
        name,
        token: asEither(tokens),
        code: invalid,
      })),
      {
        name: "brought the other way round",
        token: (_good, way) => (way === "cookie" ? good.bearer : `${id}=${second}`),
        code: invalid,
      },
      ...laravel.vectors
        .filter(({ refused }) => refused === invalid)
        .map(({ title }) => fromFixture(laravel, title)),
      { ...expired(now), name: "two hours old", now: now + 7_200_000 },
      expired(now),
      { ...forgedAndExpired(now, "."), token: asEither(FORGED["altered"]!) },
      { ...expired(now), name: "expired years ago", now: now + 400 * DAY_MS },
    ],
  };
}
