import { execFile } from "node:child_process";
import { globSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { oncePerRun } from "../once-per-run.ts";

const PROJECT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
/**
 * What the apps have beside the package. Of what it needs, and of React, it is the oldest supported
 * version: an app's own copy is used. The other tests have the newest.
 */
const BESIDE = [
  "hono@4.7.0",
  "jose@6.0.4",
  "react@18.3.1",
  "react-dom@18.3.1",
  "express@5.3.0",
  "express-session@1.19.0",
];
const MANIFEST = '{ "private": true, "type": "module" }';

export interface AppFolder {
  /** Writes a file of the app, and returns its whole path. */
  write(path: string, text: string): string;
  /** The type errors of some files; empty if there are none. */
  checkTypes(compilerOptions: object, files: readonly string[]): Promise<string>;
}

async function install(folder: string): Promise<string> {
  await run("npm", ["pack", "--pack-destination", folder], { cwd: PROJECT });
  const [tarball] = globSync("rollcall-*.tgz", { cwd: folder });
  writeFileSync(join(folder, "package.json"), MANIFEST);
  const quick = ["--prefer-offline", "--no-package-lock", "--no-audit", "--no-fund"];
  await run("npm", ["install", join(folder, tarball!), ...BESIDE, ...quick], { cwd: folder });
  return join(folder, "node_modules");
}

/**
 * Puts the package into an empty folder, as an app installs it from its tarball: once for all apps, of
 * which each gets a copy. `types` are those of this project.
 */
export async function installPackage(
  folder: string,
  types: readonly string[] = [],
): Promise<AppFolder> {
  const installed = await oncePerRun("installed", install);
  await cp(installed, join(folder, "node_modules"), { recursive: true, verbatimSymlinks: true });
  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  write("package.json", MANIFEST);
  for (const name of types) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(PROJECT, "node_modules", name), link);
  }
  return {
    write,
    async checkTypes(compilerOptions, files) {
      const options = { strict: true, noEmit: true, module: "nodenext", ...compilerOptions };
      const config = write("tsconfig.json", JSON.stringify({ compilerOptions: options, files }));
      const tsc = join(PROJECT, "node_modules/typescript/bin/tsc");
      return run(process.execPath, [tsc, "-p", config]).then(
        () => "",
        (error: { stdout?: string }) => error.stdout || String(error),
      );
    },
  };
}
