import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { validator } from "hono/validator";
import { jwtVerify, SignJWT } from "jose";
import * as v from "valibot";
import { createApp, Directory, type Env, Hub, Room, User } from "../src/server/index.ts";
import { LARGE_ROOM } from "./large.ts";
import { PICTURES, type Picture, picturePath } from "./pictures.ts";
import { TEAM } from "./team.ts";

const SESSION_SECONDS = 8 * 3600;

const GUEST = { name: "Robin", picture: "tide" } as const;

const signInSchema = v.object({
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(40)),
  picture: v.optional(v.picklist(PICTURES)),
  /** The team member to sign in as; any visitor may choose any. */
  teammate: v.optional(v.picklist(TEAM.map(({ id }) => id))),
});

type DemoContext = Context<{ Bindings: Env }>;

function cookieName(c: DemoContext): string {
  return c.env.SESSION_COOKIE ?? "session";
}

/** The newest secret, which signs (SPEC A2). */
function signingKey(c: DemoContext): Uint8Array {
  const [newest = ""] = (c.env.SESSION_SECRET ?? "").split(",");
  return new TextEncoder().encode(newest.trim());
}

interface DemoUser {
  id: string;
  name: string;
}

function signSession(c: DemoContext, user: DemoUser, picture?: Picture): Promise<string> {
  return new SignJWT({ name: user.name, ...(picture && { picture: picturePath(picture) }) })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user.id)
    .setIssuedAt()
    .setExpirationTime(`${SESSION_SECONDS} s`)
    .sign(signingKey(c));
}

/** Two people may share a name: the random part distinguishes them. */
function newUserId(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim()
    .replaceAll(" ", "-");
  return `${slug || "guest"}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Who is signed in by the cookie, if anybody is. */
async function signedIn(c: DemoContext): Promise<DemoUser | null> {
  try {
    const token = getCookie(c, cookieName(c)) ?? "";
    const { payload } = await jwtVerify<{ sub: string; name?: string }>(token, signingKey(c), {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "exp"],
    });
    return { id: payload.sub, name: payload.name ?? payload.sub };
  } catch {
    return null;
  }
}

function refuse(c: DemoContext, status: 401 | 404, code: string, message: string): Response {
  return c.json({ error: { code, message } }, status);
}

const nobody = (c: DemoContext) => refuse(c, 401, "unauthenticated", "Nobody is signed in here.");

const service = createApp();
const app = new Hono<{ Bindings: Env }>();

// First, so that its checks and headers apply to the demo's own routes too.
app.route("/", service);

app.use("/demo/*", csrf(), async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});

app.post(
  "/demo/sign-in",
  validator("json", (body, c) => {
    const parsed = v.safeParse(signInSchema, body);
    if (parsed.success) return parsed.output;
    const message = "A name has 1 to 40 characters.";
    return c.json({ error: { code: "bad_request", message } }, 400);
  }),
  async (c) => {
    const { name, picture, teammate } = c.req.valid("json");
    const user = { id: teammate ?? newUserId(name), name };
    setCookie(c, cookieName(c), await signSession(c, user, picture), {
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
      secure: new URL(c.req.url).protocol === "https:",
      maxAge: SESSION_SECONDS,
    });
    return c.json({ user });
  },
);

// Another person on the visitor's page, which sends this token in place of the cookie (SPEC T2).
app.post("/demo/guest", async (c) => {
  const mate = TEAM.find(({ id }) => id === c.req.query("teammate"));
  const { name } = mate ?? GUEST;
  const user = { id: newUserId(name), name };
  return c.json({ user, token: await signSession(c, user, mate ? undefined : GUEST.picture) });
});

// What an app's backend does: it asks with the server key, for somebody who is signed in (SPEC B10).
app.get("/demo/stats", async (c) => {
  if ((await signedIn(c)) === null) return nobody(c);
  const [key = ""] = (c.env.SERVER_KEY ?? "").split(",");
  if (key === "") return refuse(c, 404, "not_found", "This demo has no SERVER_KEY to ask with.");
  const headers = { Authorization: `Bearer ${key.trim()}` };
  return service.request(`/rooms/${LARGE_ROOM}/stats`, { headers }, c.env, c.executionCtx);
});

app.get("/demo/settings", (c) => c.json({ graceSeconds: Number(c.env.GRACE_SECONDS ?? 8) }));

app.post("/demo/sign-out", (c) => {
  deleteCookie(c, cookieName(c), { path: "/" });
  return c.body(null, 204);
});

// `null` is no error: a browser would put it into the console of whoever is not signed in yet.
app.get("/demo/me", async (c) => c.json({ user: await signedIn(c) }));

export default app;
export { Directory, Hub, Room, User };
