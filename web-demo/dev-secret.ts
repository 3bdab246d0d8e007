/** Creates the demo's secrets on its first start; git ignores the file. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const SECRETS = ["SESSION_SECRET", "SERVER_KEY"];

const file = new URL("../.dev.vars.demo", import.meta.url);
const before = existsSync(file) ? readFileSync(file, "utf8") : "";
const missing = SECRETS.filter((name) => !new RegExp(`^\\s*${name}\\s*=`, "m").test(before));

if (missing.length > 0) {
  const lines = missing.map((name) => `${name}=${randomBytes(32).toString("base64url")}\n`);
  const end = before === "" || before.endsWith("\n") ? "" : "\n";
  writeFileSync(file, before + end + lines.join(""), { mode: 0o600 });
}
