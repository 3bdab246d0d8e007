import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const spec = readFileSync("src/protocol/SPEC.md", "utf8");
const rules = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, id]) => id!);

/** The ids in the titles of all tests, like `[W1, W2]` in `it("[W1, W2] …")`. */
const tested = new Set(
  globSync("test/**/*.test.ts", { exclude: ["**/node_modules/**"] })
    .map((path) => readFileSync(path, "utf8"))
    .flatMap((source) => [...source.matchAll(/["'`]\[([A-Z]\d+(?:, ?[A-Z]\d+)*)\]/g)])
    .flatMap(([, ids]) => ids!.split(/, ?/)),
);

describe("the rules of SPEC.md", () => {
  it("are found, each once", () => {
    expect(rules.length).toBeGreaterThan(50);
    expect(new Set(rules).size).toBe(rules.length);
  });

  it("all have a test with their id in its title", () => {
    expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
  });

  it("are named right by every test", () => {
    expect([...tested].filter((id) => !rules.includes(id))).toEqual([]);
  });
});
