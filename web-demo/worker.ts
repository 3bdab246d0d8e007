import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { validator } from "hono/validator";
import { jwtVerify, SignJWT } from "jose";
import * as v from "valibot";
import { createApp, Directory, type Env, Hub, Room, User } from "../src/server/index.ts";
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

const app = new Hono<{ Bindings: Env }>();

// First, so that its checks and headers apply to the demo's own routes too.
app.route("/", createApp());

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

// A second person beside the visitor, whose page sends this token in place of the cookie (SPEC T2).
app.post("/demo/guest", async (c) => {
  const user = { id: newUserId(GUEST.name), name: GUEST.name };
  return c.json({ user, token: await signSession(c, user, GUEST.picture) });
});

app.get("/demo/settings", (c) => c.json({ graceSeconds: Number(c.env.GRACE_SECONDS ?? 8) }));

app.post("/demo/sign-out", (c) => {
  deleteCookie(c, cookieName(c), { path: "/" });
  return c.body(null, 204);
});

app.get("/demo/me", async (c) => {
  try {
    const token = getCookie(c, cookieName(c)) ?? "";
    const { payload } = await jwtVerify<{ name?: string }>(token, signingKey(c), {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "exp"],
    });
    return c.json({ user: { id: payload.sub, name: payload.name ?? payload.sub } });
  } catch {
    const message = "Nobody is signed in here.";
    return c.json({ error: { code: "unauthenticated", message } }, 401);
  }
});

export default app;
export { Directory, Hub, Room, User };
