import type { Env } from "../../../src/server/env.ts";

const FOLDER = "../../../src/server/session/";
const texts = import.meta.glob("../../../src/server/session/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The text of a page about sign-in. */
export function pageText(name: string): string {
  return texts[`${FOLDER}${name}.md`]!;
}

export const PAGE_NAMES = Object.keys(texts).map((path) => path.slice(FOLDER.length, -3));

function blocksOf(name: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...pageText(name).matchAll(pattern)].map(([, code]) => code!);
}

/** The settings on a page, for each of its blocks. */
export function settingsOf(name: string): Partial<Env>[] {
  return blocksOf(name, "ini").map((code) =>
    Object.fromEntries(
      code
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    ),
  );
}

/** The claims of the token that a page shows. */
export function claimsOf(name: string): Record<string, unknown> {
  return JSON.parse(blocksOf(name, "json")[0]!) as Record<string, unknown>;
}
