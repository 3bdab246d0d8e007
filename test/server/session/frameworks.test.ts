import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { FORMATS, sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";
import authjs from "./fixtures/authjs.json" with { type: "json" };
import betterAuth from "./fixtures/better-auth.json" with { type: "json" };
import dbauth from "./fixtures/dbauth.json" with { type: "json" };
import django from "./fixtures/django.json" with { type: "json" };
import ironSession from "./fixtures/iron-session.json" with { type: "json" };
import laravel from "./fixtures/laravel.json" with { type: "json" };
import rails from "./fixtures/rails-7.2.json" with { type: "json" };
import signedCookie from "./fixtures/signed-cookie.json" with { type: "json" };
import supabase from "./fixtures/supabase.json" with { type: "json" };
import { PAGE_NAMES, pageText, settingsOf } from "./pages.ts";

interface Fixture {
  now: string;
  secret: string;
  vectors: { title: string; cookie: string; session?: { user: object } }[];
}

/** A block of a page, and a session of the framework that it must read. */
const READ: [page: string, block: number, fixture: Fixture, title: string][] = [
  ["authjs", 0, authjs, "v5 over https"],
  ["better-auth", 0, betterAuth, "compact over https"],
  ["dbauth", 0, dbauth, "as it comes"],
  ["django", 0, django, "a user"],
  ["express", 1, signedCookie, "cookie-session, a user"],
  ["hono", 0, signedCookie, "Hono, a user"],
  ["iron-session", 0, ironSession, "a user"],
  ["laravel", 0, laravel, "a user"],
  ["rails", 0, rails, "a plain user_id"],
  ["react-router", 0, signedCookie, "React Router, a user"],
  ["supabase", 0, supabase, "base64url"],
];

/** A block of a page that configures introspection. */
const ASKED: [page: string, block: number][] = [
  ["better-auth", 1],
  ["django", 1],
  ["express", 0],
  ["laravel", 1],
];

/** Pages whose blocks `providers.test.ts` reads. */
const PROVIDERS = "auth0 clerk cognito descope entra firebase jwt keycloak kinde".split(" ");

afterEach(() => {
  vi.restoreAllMocks();
});

async function check(settings: Partial<Env>, cookie: string, now: number) {
  const { session: config, faults } = parseConfig(settings as Env);
  expect(faults).toEqual([]);
  const request = new Request(HOST, { headers: { Cookie: cookie } });
  return checkSession(readCredential(request, sessionCookies(config)), config, now);
}

describe("the pages of frameworks", () => {
  it.each(READ)("[A1.2, A2.7] %s has settings that read it (block %i)", async (...row) => {
    const [page, block, fixture, title] = row;
    const settings = settingsOf(page)[block]!;
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json({ keys: [supabase.jwk] }),
    );
    const { cookie, session } = fixture.vectors.find((one) => one.title === title)!;
    const filled = {
      ...settings,
      ...(settings.SESSION_SECRET && { SESSION_SECRET: fixture.secret }),
    };
    expect(settings.SESSION_SECRET ?? "<none>").toMatch(/^<.+>$/);
    const { user } = await check(filled, cookie, Date.parse(fixture.now));
    expect(user).toEqual(session!.user);
  });

  it.each(ASKED)(
    "[A2.22] %s has settings that ask the app once (block %i)",
    async (page, block) => {
      const settings = settingsOf(page)[block]!;
      const asked = vi
        .spyOn(globalThis, "fetch")
        .mockImplementation(async () => Response.json({ user: { id: "ada" } }));
      const cookie = `${settings.SESSION_COOKIE}=x`;
      const { user } = await check(settings, `theme=dark; ${cookie}`, Date.now());
      expect(user).toEqual({ id: "ada" });
      expect(asked).toHaveBeenCalledOnce();
      const [url, init] = asked.mock.calls[0]!;
      expect(url).toBe(settings.SESSION_INTROSPECTION_URL);
      expect(new Headers(init?.headers).get("Cookie")).toBe(cookie);
    },
  );

  it("[A2] have no block of settings that is not read", () => {
    const blocks = PAGE_NAMES.flatMap((page) => settingsOf(page).map((_, at) => `${page} ${at}`));
    const read = [...READ, ...ASKED].map(([page, at]) => `${page} ${at}`);
    const providers = PROVIDERS.map((page) => `${page} 0`);
    expect([...read, ...providers].toSorted()).toEqual(blocks.toSorted());
  });

  it("[A2] say of each what cannot be proved, and what a sign-out does", () => {
    for (const page of PAGE_NAMES.filter((name) => settingsOf(name).length > 0 && name !== "jwt")) {
      const headings = [...pageText(page).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
      expect(headings[0], page).toBe("What it cannot prove");
      expect(headings.at(-2), page).toMatch(/^The (?:cookie|token)$/);
      expect(headings.at(-1), page).toBe("After a sign-out");
    }
  });

  it("[C1] name every format in the table of real sign-ins", () => {
    let column = 0;
    const named = pageText("real-apps")
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .flatMap((line) => {
        const cells = line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$|`/g, ""));
        if (cells.includes("SESSION_FORMAT")) column = cells.indexOf("SESSION_FORMAT");
        return [cells[column]!];
      })
      .filter((cell) => !/^(?:-+|SESSION_FORMAT)$/.test(cell));
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(FORMATS).toSorted());
  });
});
