import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundleOnce } from "./bundle.ts";

/** A Worker is loaded where its first request arrives: each format of a session adds to it. */
const LIMIT = 100 * 1024;

it("the Worker takes at most 100 KiB, minified and gzipped", async () => {
  const { script } = await bundleOnce();
  expect(gzipSync(readFileSync(script)).byteLength).toBeLessThanOrEqual(LIMIT);
});
