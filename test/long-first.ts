import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files of the node project that take longest start before all others. They leave few places, so
 * that small projects start few workerds.
 */
const LONGEST = [
  "webhooks",
  "half-open",
  "page",
  "presence",
  "company",
  "package",
  "deploy-examples",
  "localhost",
];

/** Of each project's other files the longest start first, so that none is left over at its end. */
const LONG = [
  "memory",
  "lifecycle",
  "crash",
  "restart",
  "template",
  "users-crash",
  "background",
  "react-rooms",
  "react-unmount",
  "session-end",
  "guide-commands",
  "client-renewal",
  "crowd",
  "sign-in",
  "watch",
  "client-session-end",
  "large",
  "client-sign-in",
  "see",
  "recipes",
  "cursors",
  "element",
  "metrics",
  "hostile",
  "large-room",
  "react",
  "client-network",
  "client-watching",
  "element-room",
  "dot",
  "words",
  "convergence",
  "lossy",
  "attacks",
  "faults",
  "resize",
  "rate-limit",
  "every-frame",
  "every-door",
  "rooms",
  "forget",
  "whereabouts",
  "wire",
  "grace",
  "watching-people",
  "authorize-watch",
  "strangers",
];

/**
 * A project's processes go on with its next file: its files follow one another. The last have many short
 * ones.
 */
const PROJECTS = ["worker-in-band", "worker-webhooks", "worker-backend", "node", "worker"];

/** Orders a run's files. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification) => {
      const name = basename(moduleId, ".test.ts");
      const longest = project.name === "node" ? LONGEST.indexOf(name) : -1;
      if (longest !== -1) return [-1, longest] as const;
      const long = LONG.indexOf(name);
      return [PROJECTS.indexOf(project.name), long === -1 ? LONG.length : long] as const;
    };
    return files.toSorted((a, b) => {
      const [first, second] = [place(a), place(b)];
      return first[0] - second[0] || first[1] - second[1] || (a.moduleId < b.moduleId ? -1 : 1);
    });
  }
}
