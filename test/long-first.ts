import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of the node project that wait for most of their time: they start before all others, and run
 * beside those that compute. They leave few places, so that small projects start few workerds.
 */
const WAITING = ["webhooks", "memory", "crash", "half-open"];

/** Of each project's other files the longest start first, so that none is left over at its end. */
const LONG = [
  "page",
  "presence",
  "company",
  "localhost",
  "package",
  "users-crash",
  "lifecycle",
  "deploy-examples",
  "restart",
  "template",
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
      const waiting = project.name === "node" ? WAITING.indexOf(name) : -1;
      if (waiting !== -1) return [-1, waiting] as const;
      const long = LONG.indexOf(name);
      return [PROJECTS.indexOf(project.name), long === -1 ? LONG.length : long] as const;
    };
    return files.toSorted((a, b) => {
      const [first, second] = [place(a), place(b)];
      return first[0] - second[0] || first[1] - second[1] || (a.moduleId < b.moduleId ? -1 : 1);
    });
  }
}
