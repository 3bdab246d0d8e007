import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSettings } from "./settings-table.ts";

const README = "README.md";
const GUIDES = [
  README,
  "CHANGELOG.md",
  ...globSync("src/**/*.md").filter((f) => !f.endsWith("SPEC.md")),
];
const LINKED = [...GUIDES, "src/protocol/SPEC.md", "test/bench/RESULTS.md"];
/** Where the tests run, there need be no Python and no PHP: the apps of `session-apps.ts` run these. */
const NOT_RUN = ["python", "php"];
/** Blocks in these languages are files, which other tests run. */
const RUN = /^(?:ts|tsx|js|html|jsonc|ini)$/;

const textOf = (file: string) => readFileSync(file, "utf8");

interface Block {
  guide: string;
  language: string;
  code: string;
}

const blocks: Block[] = GUIDES.flatMap((guide) =>
  [...textOf(guide).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    guide,
    language: language!,
    code: code!,
  })),
);
const blocksIn = (language: RegExp) => blocks.filter((block) => language.test(block.language));

const examples = globSync(["test/examples/**/*.*", "template/*.*"]).filter((file) =>
  RUN.test(languageOf(file)),
);

function languageOf(file: string): string {
  return file.endsWith("dev.vars") ? "ini" : extname(file).slice(1);
}

/** The anchor that a heading has on a page. */
function anchorOf(heading: string): string {
  const text = heading.replaceAll(/[`*]/g, "").replaceAll(/\[(.*?)\]\(.*?\)/g, "$1");
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

const anchorsOf = (file: string) =>
  [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

describe("the guides", () => {
  it("show nothing that is not a file which a test runs", () => {
    // The settings of a page are read from it by `frameworks.test.ts` and `providers.test.ts`.
    const shown = blocksIn(RUN).filter(
      ({ guide, language }) => language !== "ini" || !guide.startsWith("src/server/session/"),
    );
    expect(shown.length).toBeGreaterThan(20);
    for (const { guide, language, code } of shown) {
      const file = examples.find((path) => languageOf(path) === language && textOf(path) === code);
      expect(file, `${guide} shows ${code.slice(0, 200)}`).toBeDefined();
    }
    const tests = globSync(["test/**/*.test.ts", "test/browser/apps/*.tsx"]);
    const users = [...tests, ...examples].map(textOf).join("\n");
    for (const file of examples) {
      expect(
        shown.some(({ code }) => textOf(file) === code),
        `${file} is shown`,
      ).toBe(true);
      const name = file.replace(/^(?:test\/examples|template)\//, "");
      // Of these a test takes the whole folder.
      const isOfFolder = file.startsWith("template/") || name.startsWith("deploy/");
      expect(isOfFolder || users.includes(`/${basename(name)}`), `${file} is run`).toBe(true);
    }
  });

  it("show answers that are JSON, and nothing in a language that no test knows", () => {
    for (const { code } of blocksIn(/^json$/)) JSON.parse(code);
    const known = /^(?:ts|tsx|js|html|jsonc|ini|json|sh|)$/;
    const unknown = blocks.filter(({ language }) => !known.test(language));
    expect(new Set(unknown.map(({ language }) => language))).toEqual(new Set(NOT_RUN));
  });

  it("name no script of npm's that does not exist", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: object };
    const named = GUIDES.map(textOf)
      .join("\n")
      .matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g);
    for (const [, script, short] of named) expect(scripts).toHaveProperty([script ?? short!]);
  });

  it.each(LINKED)("%s has no link that leads nowhere", (guide) => {
    for (const [, target = ""] of textOf(guide).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https:/.test(target)) {
        expect(URL.canParse(target), target).toBe(true);
        continue;
      }
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? guide : join(dirname(guide), path);
      expect(existsSync(file), `${guide}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(file), `${guide}: ${target}`).toContain(anchor);
    }
  });

  it("say on the front page what fits on one", () => {
    expect(textOf(README).split("\n").length).toBeLessThanOrEqual(200);
    for (const guide of GUIDES.filter((file) => file.endsWith(README) && file !== README)) {
      expect(textOf(README), guide).toContain(`](${guide})`);
    }
    for (const format of globSync("*.md", { cwd: "src/server/session" })) {
      if (format === README) continue;
      expect(textOf(README), format).toContain(`](src/server/session/${format})`);
      expect(textOf("src/server/session/README.md"), format).toContain(`](${format})`);
    }
  });

  it("name every setting of the SPEC, with its default", () => {
    const settings = readSettings(textOf("src/protocol/SPEC.md"));
    expect(settings.size).toBeGreaterThan(10);
    const named = readSettings(textOf("src/server/README.md"));
    for (const [key, value] of settings) {
      expect(named.has(key), key).toBe(true);
      expect(named.get(key), key).toBe(value);
    }
  });
});
