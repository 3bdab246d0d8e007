import fc from "fast-check";

/** The parts of a session from some source: anything in any place. */
export interface WildSession {
  user: unknown;
  roles: unknown;
  rooms: unknown;
  id: unknown;
  issuedAt: unknown;
  expiresAt: unknown;
}

/** How a source counts time. */
export type TimeUnit = "seconds" | "milliseconds";

const strange = [
  1e300,
  1e306,
  -1e300,
  9_007_199_254_740_991,
  9_999_999_999_999,
  8.64e15,
  8.64e15 + 1,
  1e11,
  -1,
  -0,
  0.5,
  Number.MIN_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const number = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...strange) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);

/** Any UTF-16: lone surrogates, control characters, characters special in URLs and headers. */
export const text = fc.oneof(
  fc.string(),
  fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "",
    ".",
    "..",
    "__proto__",
    "constructor",
    "\u0000",
    "\ud800",
    "\udc00x",
    "*",
    "/",
  ),
  fc
    .tuple(fc.constantFrom("x", "é", "語", "👩‍💻", "\ud800", '"', "\u0000"), fc.nat(3000))
    .map(([part, times]) => part.repeat(times)),
);

/** Lists in lists. */
const deep = fc
  .nat(1000)
  .map((depth) => JSON.parse(`${"[".repeat(depth)}7${"]".repeat(depth)}`) as unknown);

/** Any value at all. */
export const wild: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: number },
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, true, false, [], {}) },
  { weight: 1, arbitrary: deep },
);

/** A list of texts about as long as the bounds allow, or far longer. */
const list = fc.oneof(
  fc.array(text, { maxLength: 5 }),
  fc
    .tuple(fc.constantFrom(1, 90, 96, 100, 101, 450), fc.constantFrom(1, 20, 127, 128, 129), text)
    .map(([count, length, end]) =>
      Array.from(
        { length: count },
        (_, n) => `${n}${"x".repeat(length)}`.slice(0, length - 1) + end.slice(0, 1),
      ),
    ),
  fc.array(wild, { maxLength: 3 }),
);

/** Mostly usual values, so that most sessions are valid and many are admitted. */
export const mostly = (usual: fc.Arbitrary<unknown>, odd = wild) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });

const picture = fc.constantFrom("https://example.com/a.png", "/a.png", "//evil.example", "/\\evil");

/** A time that far from the moment at which the session is told. */
class SecondsFromNow {
  readonly seconds: number;
  constructor(seconds: number) {
    this.seconds = seconds;
  }
}

/** The far ends of time are in {@link strange}. */
const timeNear = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((seconds) => new SecondsFromNow(seconds));

/** Sessions that a source may tell for the rooms that begin so; {@link tellSession} tells them. */
export function wildSession(rooms: string): fc.Arbitrary<WildSession> {
  const user = fc.record({
    id: mostly(fc.oneof(fc.uuid(), fc.integer(), fc.string({ minLength: 1, maxLength: 128 }))),
    name: mostly(fc.string(), text),
    image: mostly(picture),
  });
  return fc.record({
    user: fc.oneof({ weight: 20, arbitrary: user }, { weight: 1, arbitrary: wild }),
    roles: mostly(fc.constantFrom(undefined, [], ["staff"], "staff"), list),
    rooms: mostly(fc.constantFrom(undefined, [`${rooms}*`], ["*"]), fc.oneof(list, wild)),
    id: mostly(fc.oneof(fc.uuid(), fc.constant(undefined))),
    issuedAt: mostly(timeNear(-1000, 60), number),
    expiresAt: mostly(timeNear(-5, 1e6), number),
  });
}

/** The session as a source tells it at `now`, in milliseconds, that counts time so. */
export function tellSession(session: WildSession, now: number, unit: TimeUnit): WildSession {
  const tell = (time: unknown) => {
    if (!(time instanceof SecondsFromNow)) return time;
    return unit === "seconds" ? now / 1000 + time.seconds : now + time.seconds * 1000;
  };
  return { ...session, issuedAt: tell(session.issuedAt), expiresAt: tell(session.expiresAt) };
}

/** JSON of it, where an infinite number is written as one that overflows, as JSON can. */
export function toWildJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, entry: unknown) =>
    entry === Number.POSITIVE_INFINITY || entry === Number.NEGATIVE_INFINITY ? `${entry}@@` : entry,
  );
  return text.replaceAll(/"(-?)Infinity@@"/g, "$11e999");
}
