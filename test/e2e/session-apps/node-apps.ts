import type { RequestListener } from "node:http";
import type { openFolder } from "../../server/session/fixtures/kit.ts";
import { ADA, type App, NAME, PASSWORD, SECRET, serve } from "./app.ts";

type Folder = ReturnType<typeof openFolder>;

interface ExpressRequest {
  session: Record<string, unknown> & { destroy(done: () => void): void };
}
interface ExpressResponse {
  sendStatus(status: number): void;
  json(body: object): void;
}

const byPath: Pick<App, "signIn" | "signOut"> = {
  async signIn(jar, url) {
    await jar.ask(url, { path: "/sign-in" });
  },
  async signOut(jar, url) {
    await jar.ask(url, { path: "/sign-out" });
  },
};

function makeExpress(
  { load }: Folder,
  middleware: unknown,
  signOut: (request: ExpressRequest) => void,
) {
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

function expressSession(folder: Folder): App {
  const session = folder.load("express-session");
  const middleware = session({ secret: SECRET, resave: false, saveUninitialized: false });
  const app = makeExpress(folder, middleware, (request) => request.session.destroy(() => {}));
  return {
    framework: "Express, express-session",
    version: folder.versionOf("express-session"),
    start: () => serve(app),
    ...byPath,
    vars: (url) => ({
      SESSION_FORMAT: "introspection",
      SESSION_COOKIE: "connect.sid",
      SESSION_INTROSPECTION_URL: `${url}/presence-session`,
    }),
    endsCopies: true,
  };
}

function cookieSession(folder: Folder): App {
  const middleware = folder.load("cookie-session")({ name: "session", keys: [SECRET] });
  const app = makeExpress(folder, middleware, (request) =>
    Object.assign(request, { session: null }),
  );
  return {
    framework: "Express, cookie-session",
    version: folder.versionOf("cookie-session"),
    start: () => serve(app),
    ...byPath,
    vars: () => ({ SESSION_FORMAT: "signed-cookie", SESSION_SECRET: SECRET }),
    endsCopies: false,
  };
}

function ironSession({ load, versionOf }: Folder): App {
  const { getIronSession } = load("iron-session");
  const options = { cookieName: "shop", password: SECRET, cookieOptions: { secure: false } };
  return {
    framework: "iron-session",
    version: versionOf("iron-session"),
    start: () =>
      serve(async (request, response) => {
        const session = await getIronSession(request, response, options);
        if (request.url === "/sign-in") {
          session.user = ADA;
          await session.save();
        } else session.destroy();
        response.end();
      }),
    ...byPath,
    vars: () => ({
      SESSION_FORMAT: "iron-session",
      SESSION_COOKIE: "shop",
      SESSION_SECRET: SECRET,
    }),
    endsCopies: false,
  };
}

function reactRouter({ load, versionOf }: Folder): App {
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
    framework: "React Router",
    version: versionOf("react-router"),
    start: () =>
      serve(async (request, response) => {
        const headers = { Cookie: request.headers.cookie ?? "" };
        const asked = new Request(`http://localhost${request.url}`, { headers });
        const answer: Response = await queryRoute(asked);
        response.writeHead(answer.status, { "Set-Cookie": answer.headers.getSetCookie() }).end();
      }),
    ...byPath,
    vars: () => ({ SESSION_FORMAT: "signed-cookie", SESSION_SECRET: SECRET }),
    endsCopies: false,
  };
}

async function betterAuth({ load, versionOf }: Folder, isCached: boolean): Promise<App> {
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
  const account = { name: NAME, email: "ada@example.com", password: PASSWORD };
  const introspected = (url: string) => ({
    SESSION_INTROSPECTION_URL: `${url}/api/auth/get-session?disableRefresh=true`,
  });
  return {
    framework: isCached ? "Better Auth, cookie cache of 5 s" : "Better Auth",
    version: versionOf("better-auth"),
    start: () => serve(toNodeHandler(auth)),
    async signIn(jar, url) {
      const image = "https://example.com/ada.png";
      await jar.ask(url, { path: "/api/auth/sign-up/email", json: { ...account, image } });
    },
    async signOut(jar, url) {
      await jar.ask(url, { path: "/api/auth/sign-out", json: {} });
    },
    vars: (url) =>
      isCached
        ? { SESSION_FORMAT: "better-auth", SESSION_SECRET: SECRET, ...introspected(url) }
        : {
            SESSION_FORMAT: "introspection",
            SESSION_COOKIE: "better-auth.session_token",
            ...introspected(url),
          },
    async sessionId(jar, url) {
      const answer = await jar.ask(url, { path: "/api/auth/get-session" });
      const { session } = (await answer.json()) as { session: { id: string } };
      return session.id;
    },
    endsCopies: true,
  };
}

/** The apps that are available on npm. */
export async function makeNodeApps(folder: Folder): Promise<App[]> {
  return [
    await betterAuth(folder, true),
    await betterAuth(folder, false),
    expressSession(folder),
    cookieSession(folder),
    ironSession(folder),
    reactRouter(folder),
  ];
}
