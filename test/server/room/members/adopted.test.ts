import { expect, it } from "vitest";
import type { Adopted } from "../../../../src/server/room/members/adopted.ts";
import { lastOnlineIn, newRoster, refTo, sessionOf, shownIn, takeChanges } from "./roster-kit.ts";

const KEPT: Adopted = {
  profile: { name: "Ada L." },
  chosen: "busy",
  data: null,
  issuedAt: 5,
  choseAt: 7,
  lastOnline: 50,
};

/** A room that ada has left, with another name. */
function knowing(lastOnline: number) {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  roster.end(lastOnline, refTo("ada", "a1"), lastOnline);
  takeChanges(roster);
  return roster;
}

it("[N6.2] a user who comes from another shard has the choice, profile and time of there", () => {
  const roster = newRoster();
  roster.adopt(100, "ada", { ...KEPT, profile: null });
  expect(roster.size).toBe(0);
  roster.adopt(100, "ada", { ...KEPT, data: { n: 1 } });
  expect(shownIn(roster, "ada")).not.toHaveProperty("data");
  expect(roster.chosenBy("ada")).toBe("busy");
  expect(shownIn(roster, "ada")).toMatchObject({ name: "Ada L.", status: "offline" });
  expect(lastOnlineIn(roster, "ada")).toBe(50);
  roster.join(100, sessionOf("ada", { issuedAt: 4 }), "a1");
  expect(shownIn(roster, "ada")).toMatchObject({ name: "Ada L.", status: "busy" });
});

it("[N6.2] who is still there is kept until they have joined", () => {
  const roster = newRoster();
  roster.adopt(100, "ada", { ...KEPT, lastOnline: null });
  expect(lastOnlineIn(roster, "ada")).toBe(100);
});

it("[N6.2] what is known here stays if it is newer", () => {
  const roster = knowing(60);
  roster.adopt(100, "ada", { ...KEPT, lastOnline: 59 });
  expect([roster.chosenBy("ada"), roster.isChanged]).toEqual([null, false]);
  for (const lastOnline of [60, 61, null]) {
    const other = knowing(60);
    other.adopt(100, "ada", { ...KEPT, lastOnline });
    expect([other.chosenBy("ada"), lastOnlineIn(other, "ada")]).toEqual([
      "busy",
      lastOnline ?? 100,
    ]);
  }
});

it("[N6.2] of a member who is here, what is taken over is shown", () => {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  roster.update(0, "ada", { status: "offline" });
  roster.renew(0, sessionOf("ada", { user: { id: "ada", name: "Unseen" }, issuedAt: 1 }));
  roster.adopt(100, "ada", { ...KEPT, lastOnline: null });
  expect(roster.find("ada")?.unseen).toBeNull();
  expect(shownIn(roster, "ada")).toMatchObject({ name: "Ada L.", status: "busy", connections: 1 });
});

it.each([
  [6, "away", { n: 1 }],
  [7, "busy", { n: 2 }],
  [8, "busy", { n: 2 }],
])(
  "[N6.1, N6.2] of a choice made here at 7 and one made there at %i, the newer counts, with its data",
  (choseAt, chosen, data) => {
    const roster = newRoster();
    roster.join(0, sessionOf("ada"), "a1");
    roster.update(0, "ada", { status: "away", data: { n: 1 } }, 7);
    roster.adopt(100, "ada", { ...KEPT, choseAt, data: { n: 2 }, lastOnline: null });
    expect(roster.find("ada")).toMatchObject({ chosen, data, choseAt: Math.max(choseAt, 7) });
    expect(shownIn(roster, "ada")).toMatchObject({ name: "Ada L.", status: chosen, data });
  },
);
