import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readRoom } from "../../worker-kit/http.ts";
import { deltas, join, type Peer } from "../../worker-kit/peer.ts";
import { alarmOf, hibernate, passTime, runAlarm } from "../../worker-kit/time.ts";
import { tellSession, wildSession, type WildSession } from "../../worker-kit/wild-session.ts";
import { answerIntrospection, DOORS, type Entered } from "./doors.ts";
import { runs } from "../../property-cases.ts";

/** A room holds 40, and for a moment both of whoever is replaced. */
const SESSIONS_A_ROOM = 24;
const CASES = runs(2_000);
const LONGEST_MS = 400 * 86_400_000;
/**
 * The expected refusals; `bad_message` is a token above 16 KiB. Any other is a fault of the
 * service.
 */
const REFUSALS = ["session_invalid", "session_expired", "room_forbidden", "bad_message"];

let faults: string[] = [];
beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(answerIntrospection as typeof fetch);
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    if (JSON.parse(line).event === "failure") faults.push(line);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Case {
  door: string;
  session: WildSession;
}

const cases: fc.Arbitrary<Case> = fc.record({
  door: fc.constantFrom(...Object.keys(DOORS)),
  session: wildSession("door-"),
});

/** An admitted user is the session's user, for as long as a session may last. */
function expectSound(entered: Entered, { user }: WildSession, now: number): void {
  if (entered.kind === "refused") {
    expect(REFUSALS).toContain(entered.code);
    return;
  }
  expect(entered.id).toBe(String((user as { id: unknown }).id));
  expect(entered.id.length).toBeLessThanOrEqual(128);
  expect(entered.id.isWellFormed()).toBe(true);
  const expiresAt = Date.parse(entered.expiresAt);
  expect(expiresAt).toBeGreaterThan(now - 5_000);
  expect(expiresAt).toBeLessThanOrEqual(now + LONGEST_MS);
}

/** The observer received who came and went, in valid form. */
function expectCorrectNews(watcher: Peer, known: ReadonlySet<string>): void {
  for (const { set } of deltas(watcher.frames)) {
    for (const { id, name, image = "/" } of set) {
      expect(known.has(id) || /^(host|watcher)-/.test(id), id).toBe(true);
      expect(name.length).toBeLessThanOrEqual(256);
      expect(name.isWellFormed()).toBe(true);
      expect(image).toMatch(/^(https:\/\/|\/(?![/\\]))/);
    }
  }
}

let rooms = 0;
let admitted = 0;
let asked = 0;

async function enterOneRoom(batch: readonly Case[]): Promise<void> {
  // The platform runs an alarm by its own clock, and at once what that has passed.
  vi.useRealTimers();
  const now = Date.now();
  vi.setSystemTime(now);
  faults = [];
  const room = `door-${++rooms}`;
  const watcher = await join(room, `watcher-${rooms}`);
  const entered = await Promise.all(
    batch.map(async (one) => {
      const { unit, enter } = DOORS[one.door]!;
      const session = tellSession(one.session, now, unit);
      const outcome = await enter(room, session);
      expectSound(outcome, session, now);
      return outcome;
    }),
  );
  const present = entered.filter(({ kind }) => kind === "in") as Extract<Entered, { kind: "in" }>[];
  asked += batch.length;
  admitted += present.length;

  // Everybody is probed, out of hibernation: each must fit in what a socket carries.
  await hibernate(room);
  const ids = new Set(present.map(({ id }) => id));
  vi.setSystemTime(Math.max(now + 39_000, (await alarmOf(room)) ?? 0));
  expect(await runAlarm(room)).toBe(true);
  await watcher.untilType("probe");

  await Promise.all(present.map(({ leave }) => leave()));
  // After the end of a session, the place is kept for the grace period.
  passTime(9);
  await watcher.ask({ type: "update", status: "busy" });
  const { version, online, members } = await readRoom(room);
  await watcher.until(() => watcher.roll?.version === version);
  expect(watcher.roll?.members).toEqual(members);
  const left = members.filter(({ status }) => status !== "offline");
  expect(left.map(({ id }) => id)).toEqual([`watcher-${rooms}`]);
  expect(online).toBe(1);
  for (const id of ids) expect(members.map((member) => member.id)).toContain(id);
  expectCorrectNews(watcher, ids);
  expect(faults).toEqual([]);
  await watcher.ask({ type: "leave" });
}

it("[A2.1, L6.4] whatever a session says, by whichever door, costs nobody else anything", async () => {
  const batches = fc.array(cases, { minLength: SESSIONS_A_ROOM, maxLength: SESSIONS_A_ROOM });
  await fc.assert(fc.asyncProperty(batches, enterOneRoom), {
    numRuns: Math.ceil(CASES / SESSIONS_A_ROOM),
    // To shrink a room full of people takes minutes.
    endOnFailure: true,
  });
  // Most generated sessions are valid, so that both admission and refusal are tested.
  expect(admitted / asked).toBeGreaterThan(0.2);
  expect(admitted / asked).toBeLessThan(0.8);
});
