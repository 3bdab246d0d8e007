import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const readme = readFileSync("README.md", "utf8");

it("the README shows the examples as they are tested", () => {
  for (const example of ["test/server/examples/library.ts"]) {
    expect(readme, example).toContain(`\`\`\`ts\n${readFileSync(example, "utf8")}\`\`\``);
  }
});

it("the README names every configuration key, and the SPEC too", () => {
  const config = readFileSync("src/server/config-keys.ts", "utf8");
  const keys = [...config.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, key]) => key!);
  expect(keys.length).toBeGreaterThan(10);
  const spec = readFileSync("src/protocol/SPEC.md", "utf8");
  for (const key of keys) {
    expect(readme, key).toContain(`\`${key}\``);
    expect(spec, key).toContain(`\`${key}\``);
  }
});
