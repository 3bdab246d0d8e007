import { createRequire } from "node:module";

/** Miniflare's own copy. */
const require = createRequire(createRequire(import.meta.url).resolve("miniflare"));
const { PerMessageDeflate } = require("ws") as { PerMessageDeflate: object };

/**
 * Lets this process and its workerds talk uncompressed: they are on one machine, and to compress the
 * modules, logs and results of the tests took a quarter of what Vitest itself takes. Miniflare has no
 * setting for it; workerd passes over an extension that it does not know.
 */
export function offerNoCompression(): void {
  Object.defineProperty(PerMessageDeflate, "extensionName", { value: "none" });
}
