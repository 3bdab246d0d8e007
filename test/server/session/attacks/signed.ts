import django from "../fixtures/django.json" with { type: "json" };
import ironSession from "../fixtures/iron-session.json" with { type: "json" };
import signedCookie from "../fixtures/signed-cookie.json" with { type: "json" };
import {
  alterEach,
  invalid,
  MALFORMED,
  otherKey,
  otherPurpose,
  expired,
  forgedAndExpired,
  fromFixture,
  noServer,
  nowOf,
  vectorOf,
  type Attack,
  type Subject,
} from "./attack.ts";

/** The valid one with each of its characters changed in turn. */
const changedEverywhere: Attack = {
  name: "changed at any place",
  token(good) {
    const [value = "", ...rest] = good.split("; ");
    const places = Array.from({ length: value.length }, (_, at) => at);
    return places
      .filter((at) => at % 7 === 0 || at > value.length - 3)
      .map((at) => {
        const other = value[at] === "A" ? "B" : "A";
        return [value.slice(0, at) + other + value.slice(at + 1), ...rest].join("; ");
      });
  },
  code: invalid,
};

export function makeIronSessionSubject(): Subject {
  const now = nowOf(ironSession);
  return {
    name: "iron-session",
    env: { SESSION_FORMAT: "iron-session", SESSION_SECRET: ironSession.secret },
    now,
    ...vectorOf(ironSession, "a user"),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      otherKey,
      { name: "altered", token: (good) => alterEach(good, "*"), code: invalid },
      changedEverywhere,
      { name: "of another version", token: (good) => good.replace("~2", "~1"), code: invalid },
      { name: "a longer life", token: (good) => good.replace(/\*1/, "*2"), code: invalid },
      fromFixture(ironSession, "signed out"),
      expired(now),
      forgedAndExpired(now, "*"),
    ],
  };
}

export function makeSignedCookieSubjects(): Subject[] {
  const now = nowOf(signedCookie);
  const subject = (name: string, attacks: Attack[]): Subject => {
    const { cookie, ...vector } = vectorOf(signedCookie, `${name}, a user`);
    return {
      name: `signed-cookie, ${name}`,
      env: { SESSION_FORMAT: "signed-cookie", SESSION_SECRET: signedCookie.secret },
      now,
      cookie,
      ...vector,
      fetch: noServer,
      attacks: [...MALFORMED, otherKey, changedEverywhere, ...attacks],
    };
  };
  const unsigned = btoa(JSON.stringify({ user: { id: "ada" } }));
  const own: Attack[] = [
    { name: "unsigned", token: () => [unsigned, `${unsigned}.`], code: invalid },
    { name: "with no signature", token: (good) => good.split(/[.;]/)[0]!, code: invalid },
  ];
  return [
    subject("React Router", [...own, fromFixture(signedCookie, "React Router, signed out")]),
    subject("Hono", [...own, fromFixture(signedCookie, "Hono, no JSON")]),
    subject("cookie-session", [
      ...own,
      otherPurpose,
      {
        name: "of another login's signature",
        token(good, way) {
          const [value] = good.split(way === "cookie" ? "; " : ".");
          const [, other] = vectorOf(signedCookie, "cookie-session, a userId").token[way].split(
            way === "cookie" ? "; " : ".",
          );
          return way === "cookie" ? `${value}; ${other}` : `${value}.${other}`;
        },
        code: invalid,
      },
    ]),
  ];
}

export function makeDjangoSubject(): Subject {
  const now = nowOf(django);
  return {
    name: "django",
    env: { SESSION_FORMAT: "django", SESSION_SECRET: django.secret },
    now,
    ...vectorOf(django, "compressed"),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      otherKey,
      { name: "altered", token: (good) => alterEach(good, ":"), code: invalid },
      changedEverywhere,
      { name: "as if not compressed", token: (good) => good.slice(1), code: invalid },
      fromFixture(django, "signed out"),
      expired(now),
      forgedAndExpired(now, ":"),
    ],
  };
}
