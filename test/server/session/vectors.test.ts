import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { Refusal } from "../../../src/server/errors.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";
import authjs from "./fixtures/authjs.json" with { type: "json" };
import betterAuth from "./fixtures/better-auth.json" with { type: "json" };
import dbauth from "./fixtures/dbauth.json" with { type: "json" };
import django from "./fixtures/django.json" with { type: "json" };
import ironSession from "./fixtures/iron-session.json" with { type: "json" };
import laravel from "./fixtures/laravel.json" with { type: "json" };
import rails61 from "./fixtures/rails-6.1.json" with { type: "json" };
import rails72 from "./fixtures/rails-7.2.json" with { type: "json" };
import signedCookie from "./fixtures/signed-cookie.json" with { type: "json" };
import supabase from "./fixtures/supabase.json" with { type: "json" };

interface Vector {
  title: string;
  madeBy: string;
  cookie: string;
  bearer?: string;
  session?: { issuedAt?: string; expiresAt: string };
  refused?: string;
}

interface Fixture {
  now: string;
  secret: string;
  issuer?: string;
  vectors: Vector[];
}

const FIXTURES: [rule: string, format: string, fixture: Fixture][] = [
  ["A2.18", "authjs", authjs],
  ["A2.19", "supabase", supabase],
  ["A2.20", "rails", rails72],
  ["A2.20", "rails", rails61],
  ["A2.21", "dbauth", dbauth],
  ["A2.26", "better-auth", betterAuth],
  ["A2.28", "iron-session", ironSession],
  ["A2.29", "signed-cookie", signedCookie],
  ["A2.30", "django", django],
  ["A2.32", "laravel", laravel],
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(FIXTURES)(
  "[%s] sessions that the framework itself made: %s",
  (_rule, format, fixture) => {
    const env = {
      SESSION_FORMAT: format,
      SESSION_SECRET: fixture.secret,
      ...(fixture.issuer && { SESSION_ISSUER: fixture.issuer }),
    } as Env;
    const { session: config, faults } = parseConfig(env);

    async function check(headers: Record<string, string>): Promise<unknown> {
      vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
        expect(url).toBe(`${supabase.issuer}/.well-known/jwks.json`);
        return Response.json({ keys: [supabase.jwk] });
      });
      const credential = readCredential(new Request(HOST, { headers }), sessionCookies(config));
      const now = Date.parse(fixture.now);
      try {
        return await checkSession(credential, config, now);
      } catch (error) {
        return error instanceof Refusal ? error.code : error;
      }
    }

    /** What a fixture writes as a time, the service counts in milliseconds. */
    function expected({ session, refused }: Vector): unknown {
      if (!session) return refused;
      const { issuedAt, expiresAt, ...rest } = session;
      return {
        ...rest,
        ...(issuedAt
          ? { issuedAt: Date.parse(issuedAt) }
          : { issuedAt: Date.parse(fixture.now), undated: true }),
        // Auth.js gives each token an id of its own.
        ...(format === "authjs" && { id: expect.any(String) }),
        expiresAt: Date.parse(expiresAt),
      };
    }

    it("need no more configuration than the page says", () => {
      expect(faults).toEqual([]);
    });

    it.each(fixture.vectors)("[A1.2] as a cookie: $madeBy, $title", async (vector) => {
      const others = "theme=dark; _shop_sessions=x; authjs.csrf-token=y; sb-other-auth-token=z";
      expect(await check({ Cookie: `${others}; ${vector.cookie}` })).toEqual(expected(vector));
    });

    it.each(fixture.vectors)("[A2.17] as a bearer token: $madeBy, $title", async (vector) => {
      const value = vector.bearer ?? vector.cookie.slice(vector.cookie.indexOf("=") + 1);
      expect(await check({ Authorization: `Bearer ${value}` })).toEqual(expected(vector));
    });
  },
);
