import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../server.ts";
import { type App, PASSWORD, type RunningApp, SECRET } from "./app.ts";

const START_MS = 60_000;
const APP_KEY = `base64:${Buffer.from("for tests only: a secret of none").toString("base64")}`;

type Command = (port: number, folder: string) => [command: string, ...args: string[]];

/** Starts an app in a process of its own, and waits until it answers. */
async function startProcess(make: Command, env: Record<string, string>): Promise<RunningApp> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "session-app-"));
  const [command, ...args] = make(port, folder);
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env, FOLDER: folder },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_MS;
  while (Date.now() < until && child.exitCode === null) {
    const answer = await fetch(`${url}/sign-in`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return { url, stop };
    await sleep(200);
  }
  stop();
  throw new Error(`${command}: did not answer`);
}

/** A command's output; `undefined` if it is not installed. */
function outputOf(command: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}

const fileOf = (name: string) => join(import.meta.dirname, name);

const byCsrf = (cookie: string, header: string, form: Record<string, string>) => {
  const ask = async (path: string, jar: Parameters<App["signIn"]>[0], url: string, body = {}) => {
    await jar.ask(url, { path, form: body, headers: { [header]: jar.valueOf(cookie) } });
  };
  return {
    async signIn(jar, url) {
      await jar.ask(url, { path: "/sign-in" });
      await ask("/sign-in", jar, url, form);
    },
    signOut: (jar, url) => ask("/sign-out", jar, url),
    otherCookies: [cookie],
  } satisfies Partial<App>;
};

function django(python: string, packages: string | undefined, isInDatabase: boolean): App {
  const env = { SECRET, ...(packages !== undefined && { PYTHONPATH: packages }) };
  const engine = isInDatabase ? "db" : "signed_cookies";
  const code = "import django; print(django.get_version())";
  return {
    framework: `Django, sessions in ${isInDatabase ? "the database" : "signed cookies"}`,
    version: execFileSync(python, ["-c", code], { encoding: "utf8", env: { ...env } }).trim(),
    start: () =>
      startProcess(
        (port, folder) => [python, fileOf("django_app.py"), String(port), engine, folder],
        env,
      ),
    ...byCsrf("csrftoken", "X-CSRFToken", { username: "ada", password: PASSWORD }),
    vars: (url) =>
      isInDatabase
        ? {
            SESSION_FORMAT: "introspection",
            SESSION_COOKIE: "sessionid",
            SESSION_INTROSPECTION_URL: `${url}/presence-session`,
          }
        : { SESSION_FORMAT: "django", SESSION_SECRET: SECRET },
    endsCopies: isInDatabase,
  };
}

function rails(version: string): App {
  const secret = SECRET.repeat(2);
  // The app answers both: the token that its forms carry, and the id of the session.
  let token = "";
  let id = "";
  return {
    framework: "Ruby on Rails",
    version,
    start: () =>
      startProcess((port) => ["puma", "-b", `tcp://127.0.0.1:${port}`, fileOf("rails_app.ru")], {
        SECRET: secret,
      }),
    async signIn(jar, url) {
      const first = await jar.ask(url, { path: "/sign-in" });
      const { token: before } = (await first.json()) as { token: string };
      const headers = { "X-CSRF-Token": before };
      const form = { username: "ada", password: PASSWORD };
      const answer = await jar.ask(url, { path: "/sign-in", form, headers });
      ({ token, id } = (await answer.json()) as { token: string; id: string });
    },
    async signOut(jar, url) {
      await jar.ask(url, { path: "/sign-out", form: {}, headers: { "X-CSRF-Token": token } });
    },
    vars: () => ({
      SESSION_FORMAT: "rails",
      SESSION_COOKIE: "_shop_session",
      SESSION_SECRET: secret,
    }),
    sessionId: () => id,
    endsCopies: false,
  };
}

function laravel(version: string, isInCookie: boolean): App {
  const driver = isInCookie ? "cookie" : "file";
  const form = { email: "ada@example.com", password: PASSWORD };
  return {
    framework: `Laravel, SESSION_DRIVER=${driver}`,
    version,
    start: () =>
      startProcess((port) => ["php", "-S", `127.0.0.1:${port}`, fileOf("laravel_app.php")], {
        SECRET: APP_KEY,
        SESSION_DRIVER: driver,
      }),
    ...byCsrf("XSRF-TOKEN", "X-XSRF-TOKEN", form),
    vars: (url) =>
      isInCookie
        ? { SESSION_FORMAT: "laravel", SESSION_SECRET: APP_KEY }
        : {
            SESSION_FORMAT: "introspection",
            SESSION_COOKIE: "laravel_session",
            SESSION_INTROSPECTION_URL: `${url}/presence-session`,
          },
    // The second cookie is named by it.
    ...(isInCookie && {
      sessionId: ({ names }) => names.findLast((name) => /^\w{40}$/.test(name)) ?? "",
    }),
    endsCopies: !isInCookie,
  };
}

/**
 * The apps of other languages that are installed; `djangoFolder` holds a Django that pip put there,
 * and may be absent.
 */
export function makeProcessApps(djangoFolder: string | undefined): App[] {
  const railsVersion = outputOf("ruby", "-e", 'require "rails"; puts Rails.version');
  const read = 'require "/usr/share/php/Illuminate/autoload.php";';
  const laravelVersion = outputOf(
    "php",
    "-r",
    `${read} echo Illuminate\\Foundation\\Application::VERSION;`,
  );
  const hasDjango = outputOf("/usr/bin/python3", "-c", "import django") !== undefined;
  return [
    ...(djangoFolder === undefined
      ? []
      : [false, true].map((isInDatabase) => django("python3", djangoFolder, isInDatabase))),
    ...(hasDjango
      ? [false, true].map((isInDatabase) => django("/usr/bin/python3", undefined, isInDatabase))
      : []),
    ...(railsVersion === undefined ? [] : [rails(railsVersion)]),
    ...(laravelVersion === undefined
      ? []
      : [true, false].map((isInCookie) => laravel(laravelVersion, isInCookie))),
  ];
}
