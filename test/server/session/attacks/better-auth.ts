import betterAuth from "../fixtures/better-auth.json" with { type: "json" };
import { decodeBase64Url } from "../../../../src/server/session/base64.ts";
import {
  alterEach,
  invalid,
  MALFORMED,
  otherKey,
  expired,
  forgedAndExpired,
  noServer,
  nowOf,
  type Attack,
  type Subject,
} from "./attack.ts";

/** The cookie cache of the fixture, and with it the token that it must come with. */
function cookiesOf(title: string) {
  const { cookie, bearer } = betterAuth.vectors.find((vector) => vector.title === title)!;
  const pairs = cookie.split("; ");
  const data = pairs.find((pair) => pair.includes("session_data"))!;
  const name = data.slice(0, data.indexOf("="));
  const others = pairs.filter((pair) => pair !== data).join("; ");
  return { name, bearer, others };
}

export function makeBetterAuthSubjects(): Subject[] {
  const now = nowOf(betterAuth);
  return (["compact", "jwt", "jwe"] as const).map((strategy) => {
    const { name, bearer, others } = cookiesOf(strategy);
    const withToken = (value: string) => `${value}; ${others}`;
    const separator = strategy === "compact" ? "-no separator-" : ".";
    const altered = (good: string) => alterEach(good.split("; ")[0]!, separator);
    const ofOther = cookiesOf(`${strategy} over https`);
    const attacks: Attack[] = [
      ...MALFORMED,
      otherKey,
      { name: "altered", token: altered, code: invalid },
      { ...forgedAndExpired(now, separator), token: altered },
      expired(now),
      {
        name: "the cache of another login",
        // Alone, it is as valid as that login.
        token: (_good, way) => (way === "cookie" ? withToken(ofOther.bearer) : []),
        code: invalid,
      },
      {
        name: "without its token",
        token: (_good, way) => (way === "cookie" ? bearer : []),
        code: invalid,
      },
    ];
    if (strategy === "compact") attacks.push(changed(bearer));
    return {
      name: `better-auth ${strategy}`,
      env: { SESSION_FORMAT: "better-auth", SESSION_SECRET: betterAuth.secret },
      now,
      cookie: name,
      token: { cookie: withToken(bearer), bearer },
      fetch: noServer,
      attacks,
    };
  });
}

/** Changes of the signed parts, and of the secret. */
function changed(good: string): Attack {
  const text = new TextDecoder().decode(decodeBase64Url(good)!);
  const forge = (change: (cache: { session: { user: { id: string } } }) => object) => {
    const json = JSON.stringify(change(JSON.parse(text)));
    return btoa(json).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  return {
    name: "of the wrong shape",
    token: () => [
      forge((cache) => ({ ...cache, session: { ...cache.session, user: { id: "eve" } } })),
      forge((cache) => ({ ...cache, expiresAt: 4e12 })),
      forge((cache) => ({ ...cache, signature: "" })),
      forge((cache) => ({ ...cache, signature: null })),
      forge((cache) => ({ ...cache, session: null })),
    ],
    code: invalid,
  };
}
