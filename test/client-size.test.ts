import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { expect, it } from "vitest";

/** An app that uses two entries. */
const app: Plugin = {
  name: "app",
  resolveId: (id) => (id === "app" ? id : null),
  load: (id) =>
    id === "app"
      ? `export * from "/src/client/index.ts"; export * from "/src/window/index.ts";`
      : null,
};

it.each([
  ["client", 6_000],
  ["client and window", 7_100],
  ["react", 7_000],
  ["element", 8_650],
  ["dot", 8_200],
])("[K13] %s weighs at most %i bytes", async (entry, limit) => {
  const built = await build({
    configFile: false,
    logLevel: "error",
    plugins: [app],
    // Tests run in no production mode, in which JSX would name its files.
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: {
      write: false,
      target: "esnext",
      modulePreload: false,
      rolldownOptions: {
        input: entry === "client and window" ? "app" : `src/${entry}/index.ts`,
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
