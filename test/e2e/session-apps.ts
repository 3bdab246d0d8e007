/**
 * Signs in at real apps as a browser would, connects with the cookies that they set, and signs out.
 * It installs the frameworks into a folder of their own, or into the one that is given:
 *
 *     npx node test/e2e/session-apps.ts [folder]
 *
 * It prints a row for each app, and ends with 1 where one went wrong.
 */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Member, ServerFrame } from "../../src/protocol/messages.ts";
import { openFolder } from "../server/session/fixtures/kit.ts";
import { startServer, type Server } from "./server.ts";

const { load, by } = openFolder({
  "better-auth": "1.7.25",
  "cookie-session": "2.1.1",
  express: "5.3.0",
  "express-session": "1.19.0",
  "iron-session": "8.0.4",
  react: "19.3.1",
  "react-dom": "19.3.1",
  "react-router": "7.18.6",
});
const SECRET = "a secret of the app for tests only";
const SERVER_KEY = "k".repeat(32);
const ADA = { id: "ada", name: "Ada Lovelace", image: "/ada.png" };

/** An app, how one signs in and out there, and what its page says to set. */
interface App {
  madeBy: string;
  listener: RequestListener;
  signIn: { path: string; body?: object };
  signOut: { path: string; body?: object };
  vars(url: string): Record<string, string>;
  /** Whether a copy of the cookie is refused soon after its user signed out. */
  endsCopies: boolean;
}

/** What a browser keeps of an app's cookies. */
class Jar {
  readonly #cookies = new Map<string, string>();

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(url: string, { path, body }: App["signIn"]): Promise<Response> {
    const answer = await fetch(new URL(path, url), {
      method: body ? "POST" : "GET",
      headers: { Cookie: this.header, Origin: url, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      redirect: "manual",
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      const ends = attributes.map((text) => text.trim().toLowerCase());
      const isGone =
        ends.includes("max-age=0") ||
        ends.some((text) => text.startsWith("expires=") && Date.parse(text.slice(8)) < Date.now());
      if (isGone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

interface ExpressRequest {
  session: Record<string, unknown> & { destroy(done: () => void): void };
}
interface ExpressResponse {
  sendStatus(status: number): void;
  json(body: object): void;
}

function makeExpress(middleware: unknown, signOut: (request: ExpressRequest) => void) {
  const app = load("express")();
  app.use(middleware);
  app.get("/sign-in", (request: ExpressRequest, response: ExpressResponse) => {
    request.session["user"] = ADA;
    response.sendStatus(204);
  });
  app.get("/sign-out", (request: ExpressRequest, response: ExpressResponse) => {
    signOut(request);
    response.sendStatus(204);
  });
  app.get("/presence-session", ({ session }: ExpressRequest, response: ExpressResponse) => {
    if (session["user"]) response.json({ user: session["user"] });
    else response.sendStatus(401);
  });
  return app as RequestListener;
}

const byPath = { signIn: { path: "/sign-in" }, signOut: { path: "/sign-out" } };

function expressSession(): App {
  const session = load("express-session");
  const middleware = session({ secret: SECRET, resave: false, saveUninitialized: false });
  return {
    madeBy: by("express-session"),
    listener: makeExpress(middleware, (request) => request.session.destroy(() => {})),
    ...byPath,
    vars: (url) => ({
      SESSION_FORMAT: "introspection",
      SESSION_COOKIE: "connect.sid",
      SESSION_INTROSPECTION_URL: `${url}/presence-session`,
    }),
    endsCopies: true,
  };
}

function cookieSession(): App {
  const middleware = load("cookie-session")({ name: "session", keys: [SECRET] });
  return {
    madeBy: by("cookie-session"),
    listener: makeExpress(middleware, (request) => Object.assign(request, { session: null })),
    ...byPath,
    vars: () => ({ SESSION_FORMAT: "signed-cookie", SESSION_SECRET: SECRET }),
    endsCopies: false,
  };
}

function ironSession(): App {
  const { getIronSession } = load("iron-session");
  const options = { cookieName: "shop", password: SECRET, cookieOptions: { secure: false } };
  return {
    madeBy: by("iron-session"),
    async listener(request, response) {
      const session = await getIronSession(request, response, options);
      if (request.url === "/sign-in") {
        session.user = ADA;
        await session.save();
      } else session.destroy();
      response.end();
    },
    ...byPath,
    vars: () => ({
      SESSION_FORMAT: "iron-session",
      SESSION_COOKIE: "shop",
      SESSION_SECRET: SECRET,
    }),
    endsCopies: false,
  };
}

function reactRouter(): App {
  const { createCookieSessionStorage, createStaticHandler } = load("react-router");
  const storage = createCookieSessionStorage({ cookie: { name: "__session", secrets: [SECRET] } });
  const answerWith = async (cookie: Promise<string>) =>
    new Response(null, { status: 204, headers: { "Set-Cookie": await cookie } });
  const { queryRoute } = createStaticHandler([
    {
      path: "/sign-in",
      async loader({ request }: { request: Request }) {
        const session = await storage.getSession(request.headers.get("Cookie"));
        session.set("user", ADA);
        return answerWith(storage.commitSession(session));
      },
    },
    {
      path: "/sign-out",
      async loader({ request }: { request: Request }) {
        const session = await storage.getSession(request.headers.get("Cookie"));
        return answerWith(storage.destroySession(session));
      },
    },
  ]);
  return {
    madeBy: by("react-router"),
    async listener(request, response) {
      const headers = { Cookie: request.headers.cookie ?? "" };
      const answer: Response = await queryRoute(
        new Request(`http://localhost${request.url}`, { headers }),
      );
      response.writeHead(answer.status, { "Set-Cookie": answer.headers.getSetCookie() }).end();
    },
    ...byPath,
    vars: () => ({ SESSION_FORMAT: "signed-cookie", SESSION_SECRET: SECRET }),
    endsCopies: false,
  };
}

async function betterAuth(isCached: boolean): Promise<App> {
  const { DatabaseSync } = await import("node:sqlite");
  const { getMigrations } = load("better-auth/db/migration");
  const { toNodeHandler } = load("better-auth/node");
  const auth = load("better-auth").betterAuth({
    baseURL: "http://localhost:3000",
    secret: SECRET,
    database: new DatabaseSync(":memory:"),
    emailAndPassword: { enabled: true },
    trustedOrigins: ["http://127.0.0.1:*"],
    session: { cookieCache: { enabled: isCached, maxAge: 5 } },
    telemetry: { enabled: false },
  });
  await (await getMigrations(auth.options)).runMigrations();
  const account = { name: ADA.name, email: "ada@example.com", password: "correct horse" };
  const introspected = (url: string) => ({
    SESSION_INTROSPECTION_URL: `${url}/api/auth/get-session?disableRefresh=true`,
  });
  return {
    madeBy: `${by("better-auth")}, node:sqlite${isCached ? ", cookie cache" : ""}`,
    listener: toNodeHandler(auth),
    signIn: {
      path: "/api/auth/sign-up/email",
      body: { ...account, image: "https://example.com/ada.png" },
    },
    signOut: { path: "/api/auth/sign-out", body: {} },
    vars: (url) =>
      isCached
        ? { SESSION_FORMAT: "better-auth", SESSION_SECRET: SECRET, ...introspected(url) }
        : {
            SESSION_FORMAT: "introspection",
            SESSION_COOKIE: "better-auth.session_token",
            ...introspected(url),
          },
    endsCopies: true,
  };
}

/** Joins the room with cookies; answers who one is, or the code of the refusal. */
async function join(server: Server, cookies: string) {
  const headers = { Cookie: cookies, Origin: server.url };
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/rooms/lobby`, { headers });
  const { promise, resolve } = Promise.withResolvers<{ self?: Member; refused?: number }>();
  socket.on("unexpected-response", (_request, answer) => {
    resolve({ refused: answer.statusCode ?? 0 });
    answer.resume();
  });
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type === "snapshot" && "members" in frame) resolve({ self: frame.members[0]! });
  });
  socket.on("error", () => resolve({ refused: 0 }));
  return { socket, ...(await promise) };
}

/** Waits until cookies are refused; answers after how many seconds, or `null` where they are not. */
async function refusedAfter(server: Server, cookies: string, withinS: number) {
  const started = Date.now();
  while (Date.now() - started < withinS * 1000) {
    const { socket, refused } = await join(server, cookies);
    socket.terminate();
    if (refused === 401) return Math.round((Date.now() - started) / 1000);
    await sleep(500);
  }
  return null;
}

/** Whether a socket is closed in time. Its `close` event waits for the connection's end, for 30 s. */
async function closesWithin(socket: WebSocket, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (socket.readyState === WebSocket.OPEN && Date.now() < until) await sleep(50);
  return socket.readyState !== WebSocket.OPEN;
}

async function tryApp(app: App): Promise<{ row: Record<string, unknown>; isGood: boolean }> {
  const http = createServer(app.listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const vars = app.vars(url);
  const server = await startServer({ vars: { ...vars, SERVER_KEY } });
  try {
    const jar = new Jar();
    await jar.ask(url, app.signIn);
    const copy = jar.header;
    const { socket, self } = await join(server, copy);
    await jar.ask(url, app.signOut);
    const left = await refusedAfter(server, jar.header, 15);
    const copied = app.endsCopies ? await refusedAfter(server, copy, 30) : "not";
    // What the page tells an app to do that wants open connections to end.
    const revoked = await fetch(`${server.url}/users/${self?.id}/revocations`, {
      method: "POST",
      headers: { Authorization: `Bearer ${SERVER_KEY}`, "Content-Type": "application/json" },
      body: "{}",
    });
    const isClosed = revoked.ok && (await closesWithin(socket, 5_000));
    const row = {
      "made by": app.madeBy,
      format: vars["SESSION_FORMAT"],
      name: self?.name,
      picture: self?.image,
      "signed out after, s": left,
      "a copy refused after, s": copied,
      "closed by revocation": isClosed,
    };
    const isIn = self?.name === ADA.name && self.image !== undefined;
    return { row, isGood: isIn && left !== null && copied !== null && isClosed };
  } finally {
    await server.stop();
    http.closeAllConnections();
    http.close();
  }
}

const apps = [
  await betterAuth(true),
  await betterAuth(false),
  expressSession(),
  cookieSession(),
  ironSession(),
  reactRouter(),
];
const results: Awaited<ReturnType<typeof tryApp>>[] = [];
for (const app of apps) results.push(await tryApp(app));
console.table(results.map(({ row }) => row));
process.exitCode = results.every(({ isGood }) => isGood) ? 0 : 1;
process.exit();
