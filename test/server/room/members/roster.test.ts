import { describe, expect, it } from "vitest";
import {
  lastOnlineIn,
  LIMITS,
  newRoster,
  refTo,
  sessionOf,
  shownIn,
  takeChanges,
} from "./roster-kit.ts";

describe("the limits of a room", () => {
  it("[A6.1, A6.2] count every place, and every watcher beside them", () => {
    const roster = newRoster();
    const join = (user: string, connection: string, watching = {}) =>
      roster.join(0, sessionOf(user), connection, { watching });
    for (const tab of ["a1", "a2", "a3"]) expect(join("ada", tab)).toBe("joined");
    expect(join("ada", "a4")).toBe("too_many_connections");
    expect(join("bob", "b1", { byUser: 3 })).toBe("too_many_connections");
    expect(join("bob", "b1", { inRoom: 1 })).toBe("room_full");
    expect(join("bob", "b1", { byUser: 2 })).toBe("joined");
    expect(join("Cleo", "c1")).toBe("room_full");
    roster.end(0, refTo("ada", "a2"), 0);
    expect(join("Cleo", "c1")).toBe("joined");
    expect(join("dan", "d1")).toBe("room_full");
    roster.endAll(0, "ada");
    expect([roster.holds(refTo("ada", "a1")), roster.holds(refTo("bob", "b1"))]).toEqual([
      false,
      true,
    ]);
    for (const tab of ["d1", "d2"]) expect(join("dan", tab)).toBe("joined");
    expect(join("dan", "d3")).toBe("room_full");
  });

  it("[L4.2, A6.2] do not keep out who takes over a place", () => {
    const roster = newRoster();
    for (const tab of ["a1", "a2", "a3"]) roster.join(0, sessionOf("ada"), tab);
    roster.join(0, sessionOf("bob"), "b1");
    roster.lose(0, refTo("ada", "a1"));
    expect(roster.refuses("Cleo")).toBe("room_full");
    expect(roster.join(1, sessionOf("ada"), "a4")).toBe("joined");
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 3 });
    expect(roster.join(1, sessionOf("ada"), "a5")).toBe("too_many_connections");
  });
});

describe("places in their grace period", () => {
  it("[L4.2, L4.3] are taken over in the order of their losses, and each ends in its own time", () => {
    const roster = newRoster();
    for (const tab of ["a1", "a2", "a3"]) roster.join(0, sessionOf("ada"), tab);
    roster.lose(500, refTo("ada", "a2"));
    roster.lose(1_000, refTo("ada", "a1"));
    roster.lose(2_500, refTo("ada", "a3"));
    // A second loss of the same changes nothing.
    roster.lose(3_000, refTo("ada", "a2"));
    expect(roster.dueAt).toBe(10_000);
    roster.join(3_500, sessionOf("ada"), "a4");
    roster.advance(8_999);
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 3 });
    roster.advance(9_000);
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 2 });
    roster.advance(10_500);
    expect(shownIn(roster, "ada")).toMatchObject({ connections: 1 });
    expect(roster.holds(refTo("ada", "a4"))).toBe(true);
    expect(roster.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it("[L7.5] end with the next even second, or with what wakes the room before", () => {
    const roster = newRoster();
    roster.join(0, sessionOf("ada"), "a1");
    roster.join(0, sessionOf("bob"), "b1", { leasedUntil: 9_000 });
    roster.join(0, sessionOf("bob"), "b2");
    roster.lose(1, refTo("ada", "a1"));
    expect(roster.dueAt).toBe(9_000);
    roster.advance(9_000);
    expect(roster.list.connections).toBe(1);
    expect(lastOnlineIn(roster, "ada")).toBe(1);
  });

  it("[L4.3, L5.3] end in their own time, though the entry of one who hides leaves the list", () => {
    const roster = newRoster();
    roster.join(0, sessionOf("ada"), "a1");
    roster.update(1, "ada", { status: "offline" });
    expect(roster.dueAt).toBe(60_001);
    roster.lose(60_000, refTo("ada", "a1"));
    roster.advance(60_001);
    expect([shownIn(roster, "ada"), roster.isHere("ada")]).toEqual([null, true]);
    roster.advance(68_000);
    expect(roster.size).toBe(0);
  });

  it("[L4.2] are those of connections that the room knows", () => {
    const roster = newRoster();
    roster.join(0, sessionOf("ada"), "a1");
    takeChanges(roster);
    for (const ref of [refTo("ada", "a2"), refTo("nobody", "a1")]) {
      roster.lose(0, ref);
      roster.end(0, ref, 0);
      roster.idle(0, ref, true);
    }
    expect([roster.isChanged, roster.losses.lastAt, roster.holds(refTo("ada", "a1"))]).toEqual([
      false,
      null,
      true,
    ]);
  });
});

describe("when a member was last online", () => {
  it("[R4.2, R4.3] is the last that is known of any connection, or now", () => {
    const roster = newRoster();
    for (const tab of ["a1", "a2"]) roster.join(0, sessionOf("ada"), tab);
    roster.end(60_000, refTo("ada", "a1"), 50_000);
    expect(lastOnlineIn(roster, "ada")).toBeNull();
    roster.end(60_000, refTo("ada", "a2"), 20_000);
    expect(lastOnlineIn(roster, "ada")).toBe(50_000);
    roster.join(60_000, sessionOf("ada"), "a1");
    roster.end(61_000, refTo("ada", "a1"), 61_000);
    expect(lastOnlineIn(roster, "ada")).toBe(61_000);
    for (const unknown of [Number.NaN, Number.NEGATIVE_INFINITY, 8.64e15 + 1]) {
      const user = `${unknown}`;
      roster.join(70_000, sessionOf(user), "b1");
      roster.end(80_000, refTo(user, "b1"), unknown);
      expect(lastOnlineIn(roster, user)).toBe(80_000);
    }
  });

  it("[L5.1, L5.2] decides who is forgotten, and when", () => {
    const roster = newRoster({ ...LIMITS, maxRemembered: 2 });
    for (const [at, user] of ["ada", "bob", "Cleo"].entries()) {
      roster.join(at, sessionOf(user), user);
      roster.end(10 - at, refTo(user, user), 10 - at);
    }
    expect([...roster.list.ids()].toSorted()).toEqual(["ada", "bob"]);
    expect(roster.dueAt).toBe(60_009);
    takeChanges(roster);
    roster.advance(60_009);
    expect([...roster.list.ids()]).toEqual(["ada"]);
    expect(takeChanges(roster)).toMatchObject({ forgotten: ["bob"], saved: [] });
    roster.advance(60_010);
    expect(roster.size).toBe(0);
    expect(roster.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it("[L5.2, L5.3, M3.2] of a member who hides, too many take the entry and not the choice", () => {
    const roster = newRoster({ ...LIMITS, maxRemembered: 0 });
    roster.join(0, sessionOf("ada"), "a1");
    roster.update(1, "ada", { status: "offline" });
    expect([shownIn(roster, "ada"), roster.chosenBy("ada"), roster.size]).toEqual([
      null,
      "offline",
      1,
    ]);
    roster.update(2, "ada", { status: "busy" });
    expect(shownIn(roster, "ada")).toMatchObject({
      name: "ada",
      status: "busy",
      connections: 1,
      lastOnline: null,
    });
  });
});

describe("the profile", () => {
  it("[M6.1] is that of the newest session, whichever comes last", () => {
    const roster = newRoster();
    const named = (name: string, issuedAt: number) =>
      sessionOf("ada", { user: { id: "ada", name }, issuedAt });
    roster.join(0, named("first", 10), "a1");
    roster.renew(0, named("older", 9));
    expect(shownIn(roster, "ada")).toMatchObject({ name: "first" });
    // The name is the same, but the session is newer.
    takeChanges(roster);
    roster.renew(0, named("first", 20));
    expect(roster.isChanged).toBe(false);
    roster.renew(0, named("first", 5));
    roster.renew(0, named("between", 15));
    roster.join(0, named("between", 15), "a2");
    expect(shownIn(roster, "ada")).toMatchObject({ name: "first" });
    roster.join(0, named("last", 21), "a3");
    roster.renew(0, named("older", 20));
    expect(shownIn(roster, "ada")).toMatchObject({ name: "last" });
    roster.renew(0, sessionOf("nobody"));
    expect(roster.size).toBe(1);
  });

  it("[A2.5] of a Worker that does not check it is stored as it can be read again", () => {
    const roster = newRoster();
    const user = { id: "ada", name: "a\ud83d", image: "/\ud83d" };
    roster.join(0, sessionOf("ada", { user }), "a1");
    expect(shownIn(roster, "ada")).toMatchObject({ name: "a\ufffd", image: "/\ufffd" });
  });

  it("[M3.2, M6.1] of a member who hides is shown when they show themselves", () => {
    const roster = newRoster();
    const named = (name: string, issuedAt: number) =>
      sessionOf("ada", { user: { id: "ada", name }, issuedAt });
    roster.join(0, named("first", 10), "a1");
    roster.update(0, "ada", { status: "offline" });
    takeChanges(roster);
    roster.renew(0, named("first", 15));
    expect(roster.isChanged).toBe(false);
    roster.renew(0, named("second", 20));
    takeChanges(roster);
    roster.renew(0, named("second", 30));
    expect(roster.isChanged).toBe(false);
    expect(shownIn(roster, "ada")).toMatchObject({ name: "first" });
    roster.renew(0, named("first", 40));
    roster.update(0, "ada", { status: null });
    expect(shownIn(roster, "ada")).toMatchObject({ name: "first" });
    roster.update(0, "ada", { status: "offline" });
    roster.renew(0, named("third", 50));
    roster.update(0, "ada", { status: null });
    expect(shownIn(roster, "ada")).toMatchObject({ name: "third" });
    expect(roster.find("ada")?.unseen).toBeNull();
  });
});

it("[M1, M3.2] the status is that of any tab that is not idle, and hiding twice is hiding once", () => {
  const roster = newRoster();
  const statusWith = (...idle: boolean[]) => {
    for (const [tab, isIdle] of idle.entries()) roster.idle(0, refTo("ada", `${tab}`), isIdle);
    return shownIn(roster, "ada")?.status;
  };
  for (const tab of ["0", "1"]) roster.join(0, sessionOf("ada"), tab);
  expect([statusWith(true, true), statusWith(true, false)]).toEqual(["away", "online"]);
  expect([statusWith(false, true), statusWith(false, false)]).toEqual(["online", "online"]);
  roster.update(10, "ada", { status: "offline" });
  roster.update(20, "ada", { status: "offline" });
  expect(lastOnlineIn(roster, "ada")).toBe(10);
});

it("[V1, M3.3] each connection that comes or goes is one version, whether its member hides or leaves", () => {
  const roster = newRoster();
  const versionAfter = (act: () => void) => {
    const before = roster.list.version;
    act();
    return [roster.list.version - before, roster.list.connections];
  };
  for (const tab of ["a1", "a2", "a3"]) roster.join(0, sessionOf("ada"), tab);
  expect(versionAfter(() => roster.update(0, "ada", { status: "busy" }))).toEqual([1, 3]);
  expect(versionAfter(() => roster.update(0, "ada", { status: "offline" }))).toEqual([3, 0]);
  expect(versionAfter(() => roster.end(0, refTo("ada", "a1"), 0))).toEqual([0, 0]);
  expect(versionAfter(() => roster.update(0, "ada", { status: null }))).toEqual([2, 2]);
  expect(versionAfter(() => roster.end(0, refTo("ada", "a2"), 0))).toEqual([1, 1]);
  expect(versionAfter(() => roster.idle(0, refTo("ada", "a3"), false))).toEqual([0, 1]);
});

it("[N6.1, V1] an update that names status or data has a time, and one that changes nothing is not stored", () => {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  takeChanges(roster);
  roster.update(0, "ada", { status: null });
  roster.update(0, "ada", {}, 4);
  expect([roster.isChanged, roster.find("ada")?.choseAt]).toEqual([false, 0]);
  roster.update(0, "ada", { status: "busy" }, 5);
  expect(roster.find("ada")?.choseAt).toBe(5);
  roster.update(0, "ada", { data: { n: 1 } }, 6);
  expect(roster.find("ada")?.choseAt).toBe(6);
});

it("[W8, M5.1] an update changes what it names, and tells whether that was the choice", () => {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  expect(roster.update(0, "ada", { status: "busy", data: { n: 1 } })).toBe(true);
  expect(roster.update(0, "ada", { data: { n: 2 } })).toBe(false);
  expect(shownIn(roster, "ada")).toMatchObject({ status: "busy", data: { n: 2 } });
  expect(roster.update(0, "ada", { status: "busy" })).toBe(false);
  expect(shownIn(roster, "ada")).toMatchObject({ data: { n: 2 } });
  expect(roster.update(0, "ada", { status: "offline", data: { n: 3 } })).toBe(true);
  roster.update(0, "ada", { status: null });
  expect(shownIn(roster, "ada")).not.toHaveProperty("data");
  expect(roster.update(0, "nobody", { status: "busy" })).toBe(false);
  expect(roster.chosenBy("nobody")).toBeNull();
  roster.join(0, sessionOf("ada"), "a2");
  roster.update(0, "ada", { data: { n: 4 } });
  roster.end(0, refTo("ada", "a1"), 0);
  expect(shownIn(roster, "ada")).toMatchObject({ data: { n: 4 } });
  roster.end(0, refTo("ada", "a2"), 0);
  roster.join(0, sessionOf("ada"), "a3");
  expect(shownIn(roster, "ada")).not.toHaveProperty("data");
});
