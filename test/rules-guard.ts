import { readFileSync } from "node:fs";
import type { Reporter, TestModule, Vitest } from "vitest/node";

const RULE = /^(?: *- |\| )\*\*([A-Z]\d+(?:\.\d+)?)\*\*/gm;
const TITLE = /\[((?:[A-Z]\d+(?:\.\d+)?)(?:, ?[A-Z]\d+(?:\.\d+)?)*)\]/g;

/** The result of a run of all tests for the rules. */
interface Findings {
  /** Rules that no passed test names. */
  unproven: string[];
  /** Ids in the titles of tests that are no rule's. */
  unknown: string[];
}

/**
 * The ids of the rules in a specification, in its order: `A2`, `A2.1` for a clause, `C1` for a row.
 */
export function findRules(spec: string): string[] {
  return [...spec.matchAll(RULE)].map(([, id]) => id!);
}

/** The ids that a test's title names, like `[W1, W2] tells …`. */
export function namedRules(title: string): string[] {
  return [...title.matchAll(TITLE)].flatMap(([, ids]) => ids!.split(/, ?/));
}

/**
 * Compares the rules with the titles of tests: each rule, and each clause of a rule that has
 * clauses, needs a test that passed. A rule with clauses is proven by them.
 */
export function compareRules(
  rules: readonly string[],
  passed: readonly string[],
  others: readonly string[],
): Findings {
  const proven = new Set(passed.flatMap(namedRules));
  const named = new Set([...passed, ...others].flatMap(namedRules));
  const hasClauses = (rule: string) => rules.some((other) => other.startsWith(`${rule}.`));
  return {
    unproven: rules.filter((rule) => !proven.has(rule) && !hasClauses(rule)),
    unknown: [...named].filter((id) => !rules.includes(id)),
  };
}

/** Fails a run in which a rule of SPEC.md has no test that passed, or a test names no rule. */
export class RulesGuard implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === "passed");
    const others = tests.filter((test) => test.result().state !== "passed");
    const rules = findRules(readFileSync("src/protocol/SPEC.md", "utf8"));
    const titlesOf = (some: typeof tests) => some.map((test) => test.fullName);
    const { unproven, unknown } = compareRules(rules, titlesOf(passed), titlesOf(others));
    if (unknown.length > 0) this.#fail(`Tests name rules that do not exist: ${unknown.join(", ")}`);
    // A part of the tests proves a part of the rules.
    if (!(await this.#isWhole(modules))) return;
    console.log(`\n Looked for ${rules.length} rules in ${passed.length} tests that passed.`);
    if (unproven.length > 0) this.#fail(`Rules without a passed test: ${unproven.join(", ")}`);
  }

  async #isWhole(modules: readonly TestModule[]): Promise<boolean> {
    const { config } = this.#vitest!;
    if (config.testNamePattern || config.project.length > 0 || config.shard) return false;
    return modules.length === (await this.#vitest!.globTestSpecifications()).length;
  }

  #fail(message: string): void {
    console.error(`\n ${message}`);
    process.exitCode = 1;
  }
}
