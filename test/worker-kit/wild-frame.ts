import fc from "fast-check";
import { mostly, text, toWildJson, wild } from "./wild-session.ts";

/** A frame that a socket sends, and how often; `token` stands for one that the test signs. */
export interface WildFrame {
  payload: string | Uint8Array | { type: "auth"; token: TokenKind };
  times: number;
}

export const TOKENS = ["own", "another's", "expired", "another room's", "garbage"] as const;
export type TokenKind = (typeof TOKENS)[number];

const TYPES = [
  "update",
  "idle",
  "sync",
  "auth",
  "logout",
  "leave",
  "alive",
  "signal",
  "ping",
  "welcome",
  "probe",
];

const status = fc.constantFrom("online", "away", "busy", "offline", null);
const data = fc.option(fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 })));
const receivers = fc.constantFrom([], ["nobody"], ["nobody", "watcher"]);

/** Right in every key, or wrong in a few. */
const nearlySound = fc
  .record(
    {
      type: mostly(fc.constantFrom(...TYPES)),
      status: mostly(status),
      data: mostly(data),
      idle: mostly(fc.boolean()),
      token: mostly(fc.string()),
      n: mostly(fc.nat()),
      name: mostly(fc.string({ maxLength: 70 })),
      to: mostly(fc.array(fc.string({ maxLength: 130 }), { maxLength: 110 })),
      id: mostly(fc.string({ maxLength: 64 })),
      __proto__: wild,
      pad: fc.constantFrom("", "x".repeat(4_000), "語".repeat(2_000), "x".repeat(40_000)),
    },
    { requiredKeys: ["type"], noNullPrototype: true },
  )
  .map(toWildJson);

const sound = fc
  .oneof(
    fc.record({ type: fc.constant("update"), status, data: fc.constantFrom({ n: 1 }, null) }),
    fc.record({ type: fc.constant("idle"), idle: fc.boolean() }),
    fc.record({ type: fc.constantFrom("sync", "logout", "leave") }),
    fc.record({ type: fc.constant("alive"), n: fc.nat() }),
    fc.record(
      { type: fc.constant("signal"), name: fc.constantFrom("a", "b"), data, to: receivers },
      { requiredKeys: ["type", "name"] },
    ),
  )
  .map((frame) => JSON.stringify(frame));

const payload: fc.Arbitrary<WildFrame["payload"]> = fc.oneof(
  { weight: 4, arbitrary: sound },
  { weight: 4, arbitrary: nearlySound },
  { weight: 2, arbitrary: wild.map((value) => toWildJson(value ?? null)) },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom("ping", "pong", "", "null", '"ping"') },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 5_000 }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("auth" as const),
      token: fc.constantFrom(...TOKENS),
    }),
  },
);

/** Frames of every kind and size, in any order, some of them many times. */
export const wildFrames: fc.Arbitrary<WildFrame[]> = fc.array(
  fc.record({
    payload,
    times: fc.oneof(
      { weight: 16, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.constantFrom(10, 30) },
    ),
  }),
  { minLength: 1, maxLength: 10 },
);
