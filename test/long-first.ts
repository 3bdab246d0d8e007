import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The longest test files start first, so that none is left over at the end. */
const LONG = [
  "webhooks",
  "crash",
  "page",
  "company",
  "presence",
  "half-open",
  "users-crash",
  "client-sign-in",
  "deploy-examples",
  "memory",
  "lifecycle",
  "react-rooms",
  "package",
  "restart",
  "background",
  "localhost",
  "client-session-end",
  "client-renewal",
  "client-watching",
  "attacks",
  "convergence",
  "every-door",
  "every-frame",
  "rate-limit",
  "rooms",
];

const PROJECTS = ["node", "worker", "worker-backend", "worker-in-band", "worker-webhooks"];

/**
 * Orders a run's files; those of a project stay together, since its processes go on with the next
 * one.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification) => {
      const long = LONG.indexOf(basename(moduleId, ".test.ts"));
      return [PROJECTS.indexOf(project.name), long === -1 ? LONG.length : long] as const;
    };
    return files.toSorted((a, b) => {
      const [first, second] = [place(a), place(b)];
      return first[0] - second[0] || first[1] - second[1] || (a.moduleId < b.moduleId ? -1 : 1);
    });
  }
}
