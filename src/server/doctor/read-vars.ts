import { recordOf } from "../session/claims.ts";

/** Variables of a deployment, as strings. */
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

/** Reads the top-level `[vars]` of a `wrangler.toml`, one variable a line. */
export function readTomlVars(text: string): Vars {
  const [, section = ""] = /^\s*\[vars\]\s*$([\s\S]*?)(?=^\s*\[|(?![\s\S]))/m.exec(text) ?? [];
  return readDevVars(section);
}

/** Reads the top-level `vars` of a `wrangler.jsonc`. */
export function readJsonVars(text: string): Vars {
  // Keeps strings as they are; drops comments, and commas before a bracket.
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
