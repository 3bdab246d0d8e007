/** Builds the package after an install from git; without the dev dependencies there is no compiler. */
import { execSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(new URL("node_modules/typescript", import.meta.url))) {
  execSync("npm run build:package", { stdio: "inherit" });
}
