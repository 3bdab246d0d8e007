import { execFile } from "node:child_process";
import { globSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { oncePerRun } from "../once-per-run.ts";

const PROJECT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

export interface AppFolder {
  /** Writes a file of the app, and returns its whole path. */
  write(path: string, text: string): string;
  /** The type errors of some files; empty if there are none. */
  checkTypes(compilerOptions: object, files: readonly string[]): Promise<string>;
}

async function pack(folder: string): Promise<string> {
  await run("npm", ["pack", "--pack-destination", folder], { cwd: PROJECT });
  const [tarball] = globSync("rollcall-*.tgz", { cwd: folder });
  return join(folder, tarball!);
}

/**
 * Installs the package's tarball in an empty folder, as an app does, with other packages beside it.
 */
export async function installPackage(
  folder: string,
  beside: { packages?: readonly string[]; types?: readonly string[] },
): Promise<AppFolder> {
  const { packages = [], types = [] } = beside;
  const tarball = await oncePerRun("tarball", pack);
  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  write("package.json", '{ "private": true, "type": "module" }');
  const quick = ["--prefer-offline", "--no-package-lock", "--no-audit", "--no-fund"];
  await run("npm", ["install", tarball, ...packages, ...quick], { cwd: folder });
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
