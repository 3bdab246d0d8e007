import { describe, expect, it } from "vitest";
import { newRecord } from "../../../../src/server/room/members/member.ts";
import { fromStored, toStored } from "../../../../src/server/room/members/place.ts";
import { Roster } from "../../../../src/server/room/members/roster.ts";
import {
  lastOnlineIn,
  LIMITS,
  newRoster,
  refTo,
  sessionOf,
  shownIn,
  startAgain,
  takeChanges,
} from "./roster-kit.ts";

const ROOMY = { ...LIMITS, maxConnectionsPerUser: 10, maxConnectionsPerRoom: 100 };

/** A room of two members, of whom one has tabs of every kind. */
function savedRoom() {
  const roster = newRoster(ROOMY);
  roster.join(0, sessionOf("ada"), "a1");
  roster.join(0, sessionOf("ada"), "a2", { idle: true });
  roster.join(0, sessionOf("ada"), "a3");
  roster.join(0, sessionOf("ada"), "lease", { leasedUntil: 45_000 });
  roster.join(0, sessionOf("bob"), "b1");
  return takeChanges(roster).saved;
}

const placesOf = (roster: Roster, user: string) =>
  roster.find(user)!.places.map(({ connection, idle, lostAt }) => [connection, idle, lostAt]);

describe("a start", () => {
  const live = {
    ada: [
      { id: "x", isIdle: true },
      { id: "y", isIdle: false },
    ],
    bob: [],
  };
  const socketsOf = (user: string) => live[user as keyof typeof live];

  it("[L6.1, M5.2] gives sockets their places by whether they are idle, and loses the others", () => {
    const roster = startAgain(savedRoom());
    expect(roster.isChanged).toBe(false);
    const lost = roster.losses.reconcile(100, socketsOf, { lostAt: 90, isNoted: false });
    expect(lost).toEqual(["ada", "bob"]);
    expect(placesOf(roster, "ada")).toEqual([
      ["y", false, null],
      ["", false, 90],
      ["x", true, null],
      ["lease", false, null],
    ]);
    expect(roster.losses.lastAt).toBeNull();
    const { saved } = takeChanges(roster);
    expect(saved.map(({ id }) => id)).toEqual(["ada", "bob"]);
    expect(toStored(saved[1]!.places)).toEqual([{ idle: false, lostAt: 90 }]);
    expect(roster.list.connections).toBe(5);
    // Another start does not put off the end of what is stored as lost.
    const [, bob] = saved;
    const again = startAgain([bob!]);
    expect(again.losses.reconcile(900, () => [], { lostAt: 900, isNoted: true })).toEqual([]);
    expect(placesOf(again, "bob")).toEqual([["", false, 90]]);
    roster.advance(8_089);
    expect(roster.list.connections).toBe(5);
    roster.advance(8_090);
    expect(roster.list.connections).toBe(3);
    expect(lastOnlineIn(roster, "bob")).toBe(90);
  });

  it("[L4.2, R4.3] after hibernation notes the losses, and stores nothing", () => {
    const roster = startAgain(savedRoom());
    roster.losses.reconcile(100, socketsOf, { lostAt: 90, isNoted: true });
    expect([roster.isChanged, roster.losses.lastAt]).toEqual([false, 90]);
    // The close of a socket that the start did not find: it was lost now, not before.
    roster.lose(500, refTo("bob", "b1"));
    expect(placesOf(roster, "bob")).toEqual([["b1", false, 500]]);
    roster.lose(600, refTo("bob", "b1"));
    expect(placesOf(roster, "bob")).toEqual([["b1", false, 500]]);
    // The person left: their place ends at once.
    roster.end(700, refTo("ada", "a3"), 700);
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 3 });
    expect([roster.holds(refTo("ada", "x")), roster.holds(refTo("ada", "y"))]).toEqual([
      true,
      true,
    ]);
  });

  it("[L6.5] gives a place to a socket of which nothing is stored", () => {
    const roster = startAgain(savedRoom(), { limits: ROOMY });
    const sockets = ["x", "y", "z"].map((id) => ({ id, isIdle: true }));
    expect(roster.losses.reconcile(100, () => sockets, { lostAt: 90, isNoted: false })).toEqual([]);
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 4 });
    expect(shownIn(roster, "bob")).toMatchObject({ connections: 3 });
    expect(sockets.every(({ id }) => roster.holds(refTo("bob", id)))).toBe(true);
    expect(roster.refuses("ada", { inRoom: 93 })).toBe("room_full");
    expect(roster.refuses("ada", { inRoom: 92 })).toBeNull();
  });

  it("[V3, V4.1, L5.4] continues with the version, and with the list that was stored", () => {
    const before = newRoster(ROOMY);
    before.join(0, sessionOf("ada"), "a1");
    before.join(0, sessionOf("bob"), "b1");
    before.join(0, sessionOf("Cleo"), "c1");
    before.update(0, "Cleo", { status: "offline" });
    const { version } = before.list;
    const saved = takeChanges(before).saved;
    const roster = startAgain([...saved].toReversed());
    expect(roster.list.state).toEqual({ epoch: "first", version });
    // Of what left the list last, only the version is stored.
    const emptied = startAgain([], { floor: 9 });
    emptied.join(0, sessionOf("ada"), "a1");
    expect(emptied.list.state.epoch).not.toBe("first");
    expect(emptied.list.state.version).toBe(1);
    const { state } = emptied.list;
    emptied.update(0, "ada", { status: "busy" });
    expect(emptied.list.changedSince(state)).toEqual(["ada"]);
  });

  it("[M3.2, L5.3] lists nobody who hides and has left the list", () => {
    const before = newRoster({ ...LIMITS, maxRemembered: 0 });
    before.join(0, sessionOf("ada"), "a1");
    before.update(0, "ada", { status: "offline" });
    const roster = startAgain(takeChanges(before).saved);
    expect([roster.list.size, roster.size, roster.chosenBy("ada")]).toEqual([0, 1, "offline"]);
  });

  it("[V4.1] cannot tell what changed before the last removal", () => {
    const roster = startAgain(savedRoom(), { floor: 4, limits: ROOMY });
    const since = (version: number) => roster.list.changedSince({ epoch: "first", version });
    expect([since(3), since(4)]).toEqual([null, ["bob"]]);
  });

  it("[L6.1] finds the sockets of 0.1.0, which stored their names", () => {
    const places = fromStored([
      { connection: "old", idle: false, lostAt: null },
      { connection: "older", idle: false, lostAt: 90 },
    ]);
    const roster = startAgain([{ ...newRecord({ id: "ada" }, 0), places }]);
    const sockets = [{ id: "x", isIdle: false }];
    roster.losses.reconcile(100, () => sockets, { lostAt: 90, isNoted: false });
    expect(placesOf(roster, "ada")).toEqual([
      ["x", false, null],
      ["", false, 90],
    ]);
    expect(roster.ownerOfLease("x")).toBeNull();
  });
});

describe("losses", () => {
  it("[R4.3, L4.2] within 2 s are noted together, and older ones are stored", () => {
    const roster = newRoster(ROOMY);
    for (const user of ["ada", "bob", "Cleo", "dan"]) roster.join(0, sessionOf(user), user);
    takeChanges(roster);
    const lose = (at: number, user: string) => {
      roster.lose(at, refTo(user, user));
      return [takeChanges(roster).saved.map(({ id }) => id), roster.losses.lastAt];
    };
    expect(lose(1_000, "ada")).toEqual([[], 1_000]);
    expect(lose(3_000, "bob")).toEqual([[], 3_000]);
    roster.join(3_000, sessionOf("bob"), "b2");
    expect(lose(3_001, "Cleo")).toEqual([["ada"], 3_001]);
    // The clock was set back.
    expect(lose(3_000, "dan")).toEqual([["Cleo"], 3_000]);
    roster.losses.store(3_000);
    expect(takeChanges(roster).saved.map(({ id }) => id)).toEqual(["dan"]);
    expect(roster.losses.lastAt).toBeNull();
  });

  it("[B11.4, L4.2] of a user who was forgotten are not those of one who came back", () => {
    const roster = newRoster();
    roster.join(0, sessionOf("ada"), "a1");
    roster.lose(1, refTo("ada", "a1"));
    roster.endAll(2, "ada");
    roster.forget(2, "ada");
    roster.join(3, sessionOf("ada"), "a2");
    roster.losses.store(4);
    expect(roster.holds(refTo("ada", "a2"))).toBe(true);
  });
});

it("[V3, V4.1] the list knows who changed since a version after its last removal", () => {
  const roster = newRoster();
  for (const user of ["ada", "bob", "Cleo"]) roster.join(0, sessionOf(user), user);
  roster.end(0, refTo("Cleo", "Cleo"), 0);
  roster.forget(0, "Cleo");
  const { epoch, version } = roster.list.state;
  roster.idle(0, refTo("bob", "bob"), true);
  const since = (version: number, of = epoch) => roster.list.changedSince({ epoch: of, version });
  expect(version).toBe(5);
  expect([since(4), since(5), since(6), since(7)]).toEqual([null, ["bob"], [], null]);
  expect([since(5, "another"), since(6, "another")]).toEqual([null, null]);
  roster.idle(0, refTo("ada", "ada"), true);
  expect(since(6)).toEqual(["ada"]);
});
