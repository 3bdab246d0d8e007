import authjs from "../fixtures/authjs.json" with { type: "json" };
import {
  alterEach,
  invalid,
  MALFORMED,
  otherKey,
  expired,
  forgedAndExpired,
  otherPurpose,
  vectorOf,
  fromFixture,
  noServer,
  nowOf,
  type Subject,
} from "./attack.ts";

export function makeAuthjsSubjects(): Subject[] {
  const now = nowOf(authjs);
  return (["v5", "v4"] as const).map((version) => ({
    name: `authjs ${version}`,
    env: { SESSION_FORMAT: "authjs", SESSION_SECRET: authjs.secret },
    now,
    ...vectorOf(authjs, `${version} over http`),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      { name: "altered", token: (good) => alterEach(good, "."), code: invalid },
      otherKey,
      // v4 derives one key for all cookies of that secret, whatever they are called.
      ...(version === "v5" ? [otherPurpose] : []),
      fromFixture(authjs, `${version} for another cookie's purpose`, "another cookie's purpose"),
      expired(now),
      forgedAndExpired(now, "."),
      fromFixture(authjs, "v5 of nobody", "of the wrong shape"),
    ],
  }));
}
