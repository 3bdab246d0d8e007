import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter } from "vitest/node";

/** Collects everything that a run's Workers log, in any process. */
const FILE = "ROLLCALL_TEST_LOG";

/**
 * Nothing that the service logs by itself is a run this long without a space, but names of rooms
 * and users.
 */
const SUSPICIOUS = /[\w+/=.|%-]{40,}/;

/** Keeps a Worker's log for the search at the end of the run. */
export function keepLog(text: string): void {
  const file = process.env[FILE];
  if (file) appendFileSync(file, `${text.trimEnd()}\n`);
}

/** The log lines in a text that may contain a credential, or a part of one. */
export function findCredentials(text: string): string[] {
  return text.split("\n").filter((line) => {
    if (!line.startsWith('{"event"')) return false;
    const { room: _room, user: _user, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return SUSPICIOUS.test(JSON.stringify(rest).replaceAll(/[",:{}]/g, " "));
  });
}

/** Fails a run in which a Worker logged a credential (SPEC O3): it sees the log of all tests. */
export class CredentialGuard implements Reporter {
  #folder = "";

  onInit(): void {
    this.#folder = mkdtempSync(join(tmpdir(), "rollcall-log-"));
    process.once("exit", () => rmSync(this.#folder, { recursive: true, force: true }));
    process.env[FILE] = join(this.#folder, "log");
  }

  onTestRunEnd(): void {
    const file = process.env[FILE]!;
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const lines = text.split("\n").filter((line) => line.startsWith('{"event"')).length;
    const found = findCredentials(text);
    console.log(`\n Searched ${lines} log lines for credentials, found ${found.length}.`);
    if (found.length === 0) return;
    console.error(found.slice(0, 10).join("\n"));
    process.exitCode = 1;
  }
}
