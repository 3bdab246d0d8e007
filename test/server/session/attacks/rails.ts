import rails from "../fixtures/rails-7.2.json" with { type: "json" };
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

export function makeRailsSubject(): Subject {
  const now = nowOf(rails);
  const [ciphertext, iv, tag] = vectorOf(rails, "Devise, with an expiry").token.cookie.split("--");
  const shortTag = btoa(atob(decodeURIComponent(tag!)).slice(0, 4));
  return {
    name: "rails",
    env: { SESSION_FORMAT: "rails", SESSION_SECRET: rails.secret },
    now,
    ...vectorOf(rails, "Devise, with an expiry"),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      { name: "altered", token: (good) => alterEach(good, "--"), code: invalid },
      { name: "of a short tag", token: () => `${ciphertext}--${iv}--${shortTag}`, code: invalid },
      otherKey,
      otherPurpose,
      fromFixture(rails, "another cookie's purpose, renamed"),
      expired(now),
      forgedAndExpired(now, "--"),
      fromFixture(rails, "nobody signed in"),
      fromFixture(rails, "one that Marshal wrote"),
    ],
  };
}
