/** Builds the package after an install from git. Without the dev dependencies it cannot be built. */
import { execSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(new URL("node_modules/esbuild", import.meta.url))) {
  execSync("npm run build:package", { stdio: "inherit" });
}
