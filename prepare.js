/** Builds the package after an install from git. It cannot be built without the dev dependencies. */
import { execSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(new URL("node_modules/esbuild", import.meta.url))) {
  execSync("npm run build:package", { stdio: "inherit" });
}
