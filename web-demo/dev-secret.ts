/** Creates the demo's signing secret on its first start; git ignores the file. */
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

const file = new URL("../.dev.vars.demo", import.meta.url);

if (!existsSync(file)) {
  const secret = randomBytes(32).toString("base64url");
  writeFileSync(file, `SESSION_SECRET=${secret}\n`, { flag: "wx", mode: 0o600 });
}
