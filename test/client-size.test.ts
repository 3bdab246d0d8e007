import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

it.each([
  ["client", 6_000],
  ["react", 7_000],
  ["element", 8_500],
])("[K13] src/%s weighs at most %i bytes", async (entry, limit) => {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "esnext",
      modulePreload: false,
      rolldownOptions: {
        input: `src/${entry}/index.ts`,
        external: /^react/,
        preserveEntrySignatures: "strict",
        output: { format: "es" },
      },
    },
  });
  if (!("output" in built)) throw new Error("The client was not built.");
  const [{ code }] = built.output;
  expect(code).toContain("WebSocket");
  expect(gzipSync(code, { level: 9 }).byteLength).toBeLessThanOrEqual(limit);
});
