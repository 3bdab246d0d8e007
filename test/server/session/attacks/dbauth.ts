import dbauth from "../fixtures/dbauth.json" with { type: "json" };
import {
  invalid,
  MALFORMED,
  otherKey,
  vectorOf,
  fromFixture,
  noServer,
  nowOf,
  type Subject,
} from "./attack.ts";

/** dbAuth's cookie has no expiry; and `dbauth.test.ts` shows what of it can be altered unseen. */
export function makeDbauthSubject(): Subject {
  const now = nowOf(dbauth);
  /** Flips a bit of each byte in turn: of the ciphertext, and of the IV where it hides the frame. */
  const flipEach = (good: string) => {
    const [ciphertext, iv] = good.split("|").map((part) => atob(part)) as [string, string];
    const flip = (bytes: string, at: number) =>
      bytes.slice(0, at) + String.fromCharCode(bytes.charCodeAt(at) ^ 1) + bytes.slice(at + 1);
    const lastBlock = ciphertext.length - 32;
    return [
      ...Array.from({ length: lastBlock }, (_, at) => `${btoa(flip(ciphertext, at))}|${btoa(iv)}`),
      ...Array.from({ length: 6 }, (_, at) => `${btoa(ciphertext)}|${btoa(flip(iv, at))}`),
    ];
  };
  return {
    name: "dbauth",
    env: { SESSION_FORMAT: "dbauth", SESSION_SECRET: dbauth.secret },
    now,
    ...vectorOf(dbauth, "as it comes"),
    fetch: noServer,
    attacks: [
      ...MALFORMED,
      { name: "altered", token: flipEach, code: invalid },
      otherKey,
      fromFixture(dbauth, "more than id and email"),
      {
        name: "of the wrong shape",
        token: () => "ko6iXKV11DSjb6kFJ4iwcf1FEqa5wPpbL1sdtKiV51Y=|cQaYkOPG/r3ILxWiFiz90w==",
        env: { SESSION_SECRET: "540d03ebb00b441f8f7442cbc39958ad" },
        code: invalid,
      },
    ],
  };
}
