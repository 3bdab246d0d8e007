import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

it("[K13] the client weighs at most 5,000 bytes", async () => {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    build: {
      write: false,
      target: "esnext",
      modulePreload: false,
      rolldownOptions: {
        input: "src/client/index.ts",
        preserveEntrySignatures: "strict",
        output: { format: "es" },
      },
    },
  });
  if (!("output" in built)) throw new Error("The client was not built.");
  const [{ code }] = built.output;
  expect(code).toContain("joinRoom");
  expect(gzipSync(code, { level: 9 }).byteLength).toBeLessThanOrEqual(5_000);
});
