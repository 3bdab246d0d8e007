import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";

it("[O6] only the configuration uses a namespace as it is bound, so that none misses the jurisdiction", () => {
  const users = globSync("src/server/**/*.ts").filter((file) => {
    const code = readFileSync(file, "utf8").replaceAll(/^ *(?:\*|\/\/|\/\*\*).*$/gm, "");
    return /\b(?:env|values)\??\.(?:ROOMS|USERS|DIRECTORY|HUBS)\b/.test(code);
  });
  expect(users.map(dirname)).toEqual(["src/server/config"]);
});
