import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { expect, it } from "vitest";

const readme = readFileSync("README.md", "utf8");

it.each([
  "test/examples/server/library.ts",
  "test/examples/webhooks/receiver.ts",
  "test/examples/vanilla.ts",
  "test/examples/react.tsx",
  "test/examples/element.html",
])("the README shows %s as it is tested", (example) => {
  const language = extname(example).slice(1);
  expect(readme).toContain(`\`\`\`${language}\n${readFileSync(example, "utf8")}\`\`\``);
});

it("the README names every configuration key, and the SPEC too", () => {
  const config = readFileSync("src/server/config/keys.ts", "utf8");
  const keys = [...config.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, key]) => key!);
  expect(keys.length).toBeGreaterThan(10);
  const spec = readFileSync("src/protocol/SPEC.md", "utf8");
  for (const key of keys) {
    expect(readme, key).toContain(`\`${key}\``);
    expect(spec, key).toContain(`\`${key}\``);
  }
});
