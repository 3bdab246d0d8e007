import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundleWorker } from "./bundle.ts";

/** A Worker is loaded where its first request arrives: each format of a session adds to it. */
const LIMIT = 100 * 1024;

it("the Worker takes at most 100 KiB, minified and gzipped", async () => {
  const outdir = mkdtempSync(join(tmpdir(), "worker-size-"));
  const { script } = await bundleWorker({ outdir });
  expect(gzipSync(readFileSync(script)).byteLength).toBeLessThanOrEqual(LIMIT);
  rmSync(outdir, { recursive: true });
});
