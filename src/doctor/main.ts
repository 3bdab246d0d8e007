import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { diagnose } from "../server/doctor/diagnose.ts";
import { readDevVars, readJsonVars, readTomlVars, type Vars } from "../server/doctor/read-vars.ts";

const USAGE = `Usage: rollcall doctor --cookie '<value>' [--var KEY=value]…

Tells you what kind of session cookie this is, and whether your configuration accepts it: for
which user, or why not.
Pass the cookie's value, or a whole Cookie header: 'name=value; other=value'.
The configuration is read from wrangler.jsonc, wrangler.json or wrangler.toml and from .dev.vars
in this folder; --var replaces a variable. The output contains no secret.`;

const FILES: readonly [name: string, read: (text: string) => Vars][] = [
  ["wrangler.toml", readTomlVars],
  ["wrangler.json", readJsonVars],
  ["wrangler.jsonc", readJsonVars],
  [".dev.vars", readDevVars],
];

/** The variables in the folder's files; later files override earlier ones. */
function readFiles(): Vars {
  const vars: Vars = {};
  for (const [name, read] of FILES) {
    if (existsSync(name)) Object.assign(vars, read(readFileSync(name, "utf8")));
  }
  return vars;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { cookie: { type: "string" }, var: { type: "string", multiple: true } },
  });
  if (positionals[0] !== "doctor" || values.cookie === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const given = Object.assign({}, ...(values.var ?? []).map(readDevVars)) as Vars;
  const vars = { ...readFiles(), ...given };
  const { isGood, lines } = await diagnose({ cookie: values.cookie, vars, now: Date.now() });
  for (const line of lines) console.log(line);
  process.exitCode = isGood ? 0 : 1;
}

await main();
