/**
 * Signs in at real apps like a browser, connects with the cookies that they set, signs out, and
 * writes the results to `src/server/session/real-apps.md`. The frameworks of npm are installed
 * into a folder of their own, or into the one that is given:
 *
 *     apt-get install python3-django rails puma php-cli php-sqlite3 php-mbstring
 * php-laravel-framework
 *     pip install --target /some/folder/django django
 *     npx node test/e2e/session-apps.ts [/some/folder]
 *
 * It prints a row for each app, and exits with 1 if one failed.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder } from "../server/session/fixtures/kit.ts";
import { makeNodeApps } from "./session-apps/node-apps.ts";
import { makeProcessApps } from "./session-apps/process-apps.ts";
import { renderTable } from "./session-apps/table.ts";
import { isGood, type Outcome, tryApp } from "./session-apps/try-app.ts";

const PAGE = join(import.meta.dirname, "../../src/server/session/real-apps.md");
const OTHER_LANGUAGES = 7;

const folder = openFolder({
  "better-auth": "1.7.25",
  "cookie-session": "2.1.1",
  express: "5.3.0",
  "express-session": "1.19.0",
  "iron-session": "8.0.4",
  react: "19.3.1",
  "react-dom": "19.3.1",
  "react-router": "7.18.6",
});
const django = join(folder.folder, "django");
const others = makeProcessApps(existsSync(django) ? django : undefined);
const outcomes: Outcome[] = [];
for (const app of [...(await makeNodeApps(folder)), ...others]) outcomes.push(await tryApp(app));
console.table(outcomes);
const isWhole = others.length === OTHER_LANGUAGES && outcomes.every(isGood);
if (isWhole) writeFileSync(PAGE, renderTable(outcomes));
else console.error("Something is missing or went wrong: the page was not written.");
process.exit(isWhole ? 0 : 1);
