import { recordOf } from "../session/claims.ts";

/** Variables of a deployment, as texts. */
export type Vars = Record<string, string>;

/** `KEY=value`, with or without quotes around the value, and a comment behind one that has them. */
const LINE = /^\s*(?:export\s+)?"?([A-Z][A-Z0-9_]*)"?\s*=\s*(.*?)\s*$/;

/** Reads `.dev.vars`. */
export function readDevVars(text: string): Vars {
  const vars: Vars = {};
  for (const line of text.split("\n")) {
    const [, key, value] = LINE.exec(line) ?? [];
    if (key !== undefined && value !== undefined) vars[key] = unquote(value);
  }
  return vars;
}

/** Reads the top level's `[vars]` of a `wrangler.toml`: those that are written on a line of their own. */
export function readTomlVars(text: string): Vars {
  const [, section = ""] = /^\s*\[vars\]\s*$([\s\S]*?)(?=^\s*\[|(?![\s\S]))/m.exec(text) ?? [];
  return readDevVars(section);
}

/** Reads the top level's `vars` of a `wrangler.jsonc`. */
export function readJsonVars(text: string): Vars {
  // A text is kept as it is; a comment, or a comma before a bracket, is left out.
  const json = text
    .replaceAll(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "$1")
    .replaceAll(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, "$1");
  const vars = recordOf(recordOf(JSON.parse(json))["vars"]);
  return Object.fromEntries(
    Object.entries(vars).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function unquote(value: string): string {
  const [, quote, quoted] = /^(["'`])(.*?)\1\s*(?:#.*)?$/.exec(value) ?? [];
  if (quoted === undefined) return value.replace(/\s+#.*$/, "");
  return quote === '"' ? quoted.replaceAll("\\n", "\n").replaceAll('\\"', '"') : quoted;
}
