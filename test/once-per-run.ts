import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Names the folder of a run to all its processes. */
const FOLDER = "ROLLCALL_TEST_RUN";
/** Longer than anything takes that is made here. */
const PATIENCE_MS = 500_000;

type Outcome<Value> = { value: Value } | { failed: string };

const known = new Map<string, Promise<unknown>>();

/** The folder of this run, which is removed at its end; made where no other process has made it. */
export function runFolder(): string {
  const given = process.env[FOLDER];
  if (given !== undefined) return given;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-run-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  process.env[FOLDER] = folder;
  return folder;
}

/** Vitest calls it before its processes start. */
export default function setup(): void {
  // A quarter of what a command like wrangler's takes is to compile it.
  process.env["NODE_COMPILE_CACHE"] ??= join(runFolder(), "compiled");
}

/**
 * Makes something that several test files need in whichever process needs it first; the others wait
 * for it. `make` gets an empty folder that lasts as long as the run, and returns what JSON can hold.
 */
export function oncePerRun<Value>(
  name: string,
  make: (folder: string) => Promise<Value>,
): Promise<Value> {
  let value = known.get(name) as Promise<Value> | undefined;
  if (!value) known.set(name, (value = makeOrAwait(name, make)));
  return value;
}

async function makeOrAwait<Value>(
  name: string,
  make: (folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = join(runFolder(), createHash("sha256").update(name).digest("hex").slice(0, 16));
  const outcome = isFirst(folder)
    ? await makeAndTell(folder, make)
    : await awaitOutcome<Value>(name, folder);
  if ("failed" in outcome) throw new Error(outcome.failed);
  return outcome.value;
}

/** Of all processes that try, one creates the folder. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function makeAndTell<Value>(
  folder: string,
  make: (folder: string) => Promise<Value>,
): Promise<Outcome<Value>> {
  const outcome: Outcome<Value> = await make(folder).then(
    (value) => ({ value }),
    (error: unknown) => ({ failed: String(error) }),
  );
  writeFileSync(`${folder}.part`, JSON.stringify(outcome));
  renameSync(`${folder}.part`, `${folder}.json`);
  return outcome;
}

async function awaitOutcome<Value>(name: string, folder: string): Promise<Outcome<Value>> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(50)) {
    const text = read(`${folder}.json`);
    if (text !== null) return JSON.parse(text) as Outcome<Value>;
  }
  throw new Error(`Nobody made ${name}.`);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
