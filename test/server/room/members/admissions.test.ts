import { expect, it } from "vitest";
import { newRoster, refTo, sessionOf, shownIn, takeChanges } from "./roster-kit.ts";

const admitted = (id: string, stamp: number) => sessionOf(id, { admission: { stamp, at: stamp } });

it("[B8.2] the newest admission of a member is known, and stored when it changes", () => {
  const roster = newRoster();
  expect(roster.stampOf("ada")).toBe(0);
  roster.join(0, admitted("ada", 5), "a1");
  roster.join(0, admitted("ada", 3), "a2");
  roster.join(0, sessionOf("ada"), "a3");
  expect(roster.stampOf("ada")).toBe(5);
  roster.end(0, refTo("ada", "a1"), 0);
  expect(takeChanges(roster).departed).toEqual([]);
  for (const session of [
    admitted("ada", 5),
    admitted("ada", 4),
    sessionOf("ada"),
    admitted("nobody", 9),
  ]) {
    roster.noteAdmission(0, session);
    expect(roster.isChanged).toBe(false);
  }
  roster.noteAdmission(0, admitted("ada", 6));
  expect(takeChanges(roster).saved.map(({ stamp }) => stamp)).toEqual([6]);
  roster.renew(0, admitted("ada", 7));
  expect(roster.stampOf("ada")).toBe(7);
  expect(roster.stampOf("nobody")).toBe(0);
});

it("[B8.2] of a member who was forgotten it is known until their departure is handed over", () => {
  const roster = newRoster();
  roster.join(0, admitted("ada", 5), "a1");
  roster.end(10, refTo("ada", "a1"), 10);
  roster.forget(10, "ada");
  expect([roster.size, roster.stampOf("ada")]).toEqual([0, 5]);
  const { departed, forgotten, saved } = takeChanges(roster);
  expect(departed).toEqual([{ user: "ada", stamp: 5, lastOnline: 10 }]);
  expect([forgotten, saved]).toEqual([["ada"], []]);
  expect(roster.stampOf("ada")).toBe(0);
});

it("[B11.1] who has a place, if only one in its grace period, is not forgotten", () => {
  const roster = newRoster();
  roster.join(0, sessionOf("ada"), "a1");
  roster.forget(0, "ada");
  roster.forget(0, "nobody");
  expect([roster.isHere("ada"), roster.isShown("ada"), roster.size]).toEqual([true, true, 1]);
  roster.update(0, "ada", { status: "offline" });
  roster.forget(0, "ada");
  expect(shownIn(roster, "ada")).not.toBeNull();
  roster.update(0, "ada", { status: null });
  roster.lose(0, refTo("ada", "a1"));
  roster.forget(0, "ada");
  expect([roster.isHere("ada"), roster.isShown("ada"), roster.size]).toEqual([true, true, 1]);
  roster.endAll(0, "ada", ({ lostAt }) => lostAt !== null);
  roster.endAll(0, "nobody");
  expect([roster.isHere("ada"), roster.isShown("ada"), roster.size]).toEqual([false, false, 1]);
  expect([roster.isHere("nobody"), roster.isShown("nobody")]).toEqual([false, false]);
});

it("[B8.2] who left shortly before a start is known, and who left at an unknown time", () => {
  const roster = newRoster();
  roster.join(0, admitted("early", 2), "1");
  roster.join(0, admitted("late", 1), "2");
  roster.join(0, sessionOf("unadmitted"), "3");
  roster.join(0, admitted("hidden", 3), "4");
  roster.update(0, "hidden", { status: "offline" });
  roster.end(50, refTo("early", "1"), 50);
  roster.end(51, refTo("late", "2"), 51);
  roster.end(51, refTo("unadmitted", "3"), 51);
  roster.join(51, admitted("here", 4), "5");
  const ids = () => roster.departedSince(50).map(({ id }) => id);
  expect(ids()).toEqual(["late"]);
  roster.end(52, refTo("hidden", "4"), 52);
  expect(ids()).toEqual(["late", "hidden"]);
});
