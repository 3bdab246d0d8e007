import { expect, it } from "vitest";
import { newRecord } from "../../../../src/server/room/members/member.ts";
import { toStored, type Place } from "../../../../src/server/room/members/place.ts";
import {
  lastOnlineIn,
  newRoster,
  refTo,
  sessionOf,
  shownIn,
  startAgain,
  takeChanges,
} from "./roster-kit.ts";

const LEASE = refTo("ada", "lease");

function rosterWithLease() {
  const roster = newRoster();
  const session = sessionOf("ada", { id: "s1", issuedAt: 10, expiresAt: 50_000 });
  roster.join(0, session, "lease", { leasedUntil: 45_000 });
  takeChanges(roster);
  return roster;
}

it("[P1.5, P1.6] a session that is not newer extends a lease, but not beyond the session behind it", () => {
  const roster = rosterWithLease();
  const user = { id: "ada", name: "Old" };
  const older = sessionOf("ada", { user, id: "s0", issuedAt: 5 });
  expect(roster.renewLease(14_999, LEASE, older)).toBe(45_000);
  expect(roster.isChanged).toBe(false);
  expect(roster.renewLease(15_000, LEASE, older)).toBe(50_000);
  expect(shownIn(roster, "ada")).toMatchObject({ name: "ada" });
  expect(roster.find("ada")?.places[0]?.session?.id).toBe("s1");
  roster.advance(49_999);
  expect(roster.ownerOfLease("lease")).toBe("ada");
  roster.advance(50_000);
  expect(roster.ownerOfLease("lease")).toBeNull();
  expect(lastOnlineIn(roster, "ada")).toBe(50_000 - 45_000);
  expect(takeChanges(roster).expired).toEqual([LEASE]);
  expect(takeChanges(roster).expired).toEqual([]);
});

it("[P1.6] a newer session takes a lease over, and is stored if its id is another", () => {
  const roster = rosterWithLease();
  const held = () => roster.find("ada")?.places[0]?.session;
  roster.renewLease(1_000, LEASE, sessionOf("ada", { id: "s1", issuedAt: 20 }));
  expect(held()).toMatchObject({ id: "s1", expiresAt: 1e9 });
  expect(roster.isChanged).toBe(false);
  const user = { id: "ada", name: "Ada L." };
  roster.renewLease(2_000, LEASE, sessionOf("ada", { user, id: "s2", issuedAt: 30 }));
  expect(held()).toMatchObject({ id: "s2", issuedAt: 30 });
  expect(takeChanges(roster).saved).toHaveLength(1);
  expect(shownIn(roster, "ada")).toMatchObject({ name: "Ada L." });
  roster.renewLease(3_000, LEASE, sessionOf("ada", { user, id: "s3", issuedAt: 31 }));
  expect(takeChanges(roster).saved).toHaveLength(1);
  // It ends sooner, so it is not newer.
  roster.renewLease(4_000, LEASE, sessionOf("ada", { issuedAt: 31, expiresAt: 50_000 }));
  expect([held()?.id, shownIn(roster, "ada")?.name]).toEqual(["s3", "Ada L."]);
  expect(roster.renewLease(60_000, LEASE, sessionOf("ada", { issuedAt: 29 }))).toBe(105_000);
});

it("[P1.5] the renewal of a lease that is not there makes none", () => {
  const roster = newRoster();
  expect(roster.renewLease(0, LEASE, sessionOf("ada"))).toBe(45_000);
  expect([roster.size, roster.holds(LEASE), roster.isChanged]).toEqual([0, false, false]);
});

it.each<[string, Partial<Place>, number, string]>([
  ["no session", {}, 5, "Ada L."],
  ["an older session of an unknown end", { session: { issuedAt: 10 } }, 10, "Ada L."],
  ["a newer session of an unknown end", { session: { issuedAt: 10 } }, 5, "ada"],
])(
  "[P1.6] a lease of 0.1.0 with %s lasts as long as the session that renews it",
  (_, old, issuedAt, name) => {
    const place = { connection: "lease", idle: false, lostAt: null, leasedUntil: 45_000, ...old };
    const roster = startAgain([{ ...newRecord({ id: "ada" }, 0), places: [place] }]);
    expect(roster.ownerOfLease("lease")).toBe("ada");
    const user = { id: "ada", name: "Ada L." };
    const session = sessionOf("ada", { user, issuedAt, expiresAt: 50_000 });
    expect(roster.renewLease(30_000, LEASE, session)).toBe(50_000);
    expect(shownIn(roster, "ada")?.name).toBe(name);
  },
);

it("[P2.2, P1.7] a lease that is lost is stored with its loss, and its place is taken over", () => {
  const roster = rosterWithLease();
  roster.lose(40_000, LEASE);
  expect(roster.losses.lastAt).toBeNull();
  const [saved] = takeChanges(roster).saved;
  expect(toStored(saved!.places)).toMatchObject([{ connection: "lease", lostAt: 40_000 }]);
  expect(startAgain([saved!]).find("ada")?.places[0]?.session).toMatchObject({ id: "s1" });
  // Its grace period ends it, though the lease would have ended before.
  expect(roster.dueAt).toBe(48_000);
  roster.join(46_000, sessionOf("ada"), "a1");
  expect(roster.ownerOfLease("lease")).toBeNull();
  expect(shownIn(roster, "ada")).toMatchObject({ connections: 1 });
});
