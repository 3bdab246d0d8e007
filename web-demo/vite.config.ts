import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const PROJECT = `${import.meta.dirname}/..`;

/** What the pages link to, as texts beside them. */
const READING = {
  "README.txt": "README.md",
  "SPEC.txt": "src/protocol/SPEC.md",
  "LARGE.txt": "src/server/large/README.md",
};

const reading: Plugin = {
  name: "reading",
  generateBundle() {
    for (const [fileName, path] of Object.entries(READING)) {
      this.emitFile({ type: "asset", fileName, source: readFileSync(`${PROJECT}/${path}`) });
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), reading],
  // The page shows some of its code, as an app would write it.
  resolve: { alias: { "rollcall/react": `${PROJECT}/src/react/index.ts` } },
  build: { outDir: "../dist/web-demo", emptyOutDir: true },
});
