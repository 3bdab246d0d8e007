import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareRules, findRules, namedRules } from "./rules-guard.ts";

describe("the rules of SPEC.md", () => {
  const rules = findRules(readFileSync("src/protocol/SPEC.md", "utf8"));

  it("are found, each once", () => {
    expect(rules.length).toBeGreaterThan(50);
    expect(new Set(rules).size).toBe(rules.length);
  });
});

describe("the comparison of rules with tests", () => {
  const spec = "- **A1** A rule.\n- **A2** A long one.\n  - **A2.1** One.\n  - **A2.2** Two.\n";
  const rules = findRules(spec);

  it("finds rules and their clauses", () => {
    expect(rules).toEqual(["A1", "A2", "A2.1", "A2.2"]);
  });

  it("finds rules that are rows of a table", () => {
    const table = "| id | key |\n| --- | --- |\n| **C1** | `KEY` |\n| 1000 | **no** id |\n";
    expect(findRules(table)).toEqual(["C1"]);
  });

  it("reads every id of a title", () => {
    expect(namedRules("which credential > [A1, A2.1] counts [B3] alone")).toEqual([
      "A1",
      "A2.1",
      "B3",
    ]);
  });

  it("is content with a passed test for each rule and clause", () => {
    expect(compareRules(rules, ["[A1] a", "[A2.1, A2.2] b"], [])).toEqual({
      unproven: [],
      unknown: [],
    });
  });

  it("does not count a test that was skipped or failed", () => {
    expect(compareRules(rules, ["[A1] a", "[A2.1] b"], ["[A2.2] c"]).unproven).toEqual(["A2.2"]);
  });

  it("does not take a rule for its clauses", () => {
    expect(compareRules(rules, ["[A1] a", "[A2] b"], []).unproven).toEqual(["A2.1", "A2.2"]);
  });

  it("finds titles that name no rule, in skipped tests too", () => {
    expect(compareRules(rules, ["[A1] a"], ["[Z9] b"]).unknown).toEqual(["Z9"]);
  });
});
