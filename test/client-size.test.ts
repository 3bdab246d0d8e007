import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { expect, it } from "vitest";

/** An app that uses several entries. */
const app: Plugin = {
  name: "app",
  resolveId: (id) => (id.includes("+") ? id : null),
  load: (id) =>
    id.includes("+")
      ? id
          .split("+")
          .map((entry) => `export * from "/src/${entry}/index.ts";`)
          .join("")
      : null,
};

it.each([
  ["client", 6_000],
  ["client+window", 7_100],
  ["client+signals", 6_550],
  ["react", 7_000],
  ["element", 8_700],
  ["dot", 8_250],
  ["cursors", 8_950],
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
        input: entry.includes("+") ? entry : `src/${entry}/index.ts`,
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
