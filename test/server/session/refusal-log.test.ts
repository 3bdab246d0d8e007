import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { ask, askConfigured, refusal } from "../../worker-kit/http.ts";
import { join, tryJoin } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { query } from "../../worker-kit/time.ts";

const INTROSPECTION = {
  SESSION_FORMAT: "introspection",
  SESSION_INTROSPECTION_URL: "https://app.example.com/session",
};
const INVALID = [401, "session_invalid"];

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void lines.push(JSON.parse(text)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let names = 0;
const fresh = (what: string) => `refused-${what}-${++names}`;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
/** Sends a request of a user whom the app describes like this. */
async function askIntrospected(path: string, session: unknown, headers = {}): Promise<Response> {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(session));
  return askConfigured(INTROSPECTION, path, { ...bearer(crypto.randomUUID()), ...headers });
}

describe("the log of a refusal", () => {
  const detailOf = async (token: string, config = {}) => {
    lines = [];
    const answer = await askConfigured(config, "/rooms/details", bearer(token));
    expect(answer.status).toBe(401);
    const { error } = await answer.json<{ error: Record<string, string> }>();
    expect(Object.keys(error)).toEqual(["code", "message", "requestId"]);
    expect(lines).toHaveLength(1);
    return lines[0]!["detail"];
  };
  const later = () => Math.floor(Date.now() / 1000) + 600;

  it("[A2.6, O3.2] says which claim was wrong and how, as its source names it, and never a value", async () => {
    for (const [claims, detail] of [
      [{ sub: undefined }, 'claim "sub": missing'],
      [{ sub: "" }, 'claim "sub": missing'],
      [{ sub: ".." }, 'claim "sub": not an id'],
      [{ sub: {} }, 'claim "sub": not a text'],
      [{ sid: {} }, 'claim "sid": not a text'],
      [{ sid: "x".repeat(257) }, 'claim "sid": too long'],
      [{ roles: {} }, 'claim "roles": not a list'],
      [{ roles: [7] }, 'claim "roles": not a text'],
      [{ rooms: null }, 'claim "rooms": not a list'],
      [{ exp: undefined }, 'claim "exp": missing'],
      [{ exp: "never" }, 'claim "exp": not a number'],
      [{ iat: "now" }, 'claim "iat": not a number'],
      [{ nbf: later() }, "nbf"],
      [{ exp: 1 }, "exp"],
      [{ azp: "https://evil.example.com" }, "azp"],
    ] as [JWTPayload, string][]) {
      expect(await detailOf(await signIn("ada", claims))).toBe(detail);
    }
    const json = await askIntrospected("/rooms/details", { user: { id: "ada" }, expiresAt: {} });
    expect(await refusal(json)).toEqual(INVALID);
    expect(lines.at(-1)).toMatchObject({ detail: 'claim "expiresAt": not a time' });
  });

  it("[A2.6, O3.2] says what of a token was wrong: signature, algorithm, issuer, audience", async () => {
    const config = { SESSION_ISSUER: "https://id.example.com", SESSION_AUDIENCE: "presence" };
    const signedBy = async (alg: string, key: CryptoKey | Uint8Array) =>
      new SignJWT({ sub: "ada", exp: later() }).setProtectedHeader({ alg }).sign(key);
    const { privateKey } = await generateKeyPair("ES256");
    const altered = (await signIn("ada")).replace(/\.[^.]+\./, ".e30.");
    expect(await detailOf(await signIn("ada", {}, "x".repeat(32)))).toBe("signature");
    expect(await detailOf(altered)).toBe("signature");
    expect(await detailOf("hello")).toBe("not a JWT");
    expect(await detailOf("x".repeat(8001))).toBe("credential too long");
    const pss = await generateKeyPair("PS384");
    expect(await detailOf(await signedBy("PS384", pss.privateKey))).toBe("alg PS384 not allowed");
    expect(await detailOf(await signedBy("ES256", privateKey))).toBe("alg ES256 not allowed");
    const header = btoa(JSON.stringify({ alg: "the user's own text" }));
    expect(await detailOf(`${header}.e30.AA`)).toBe("alg not allowed");
    expect(await detailOf(await signIn("ada"), config)).toBe('claim "iss": missing');
    const iss = { iss: "https://evil.example.com", aud: "presence" };
    expect(await detailOf(await signIn("ada", iss), config)).toBe("iss");
    const aud = { iss: "https://id.example.com", aud: "other" };
    expect(await detailOf(await signIn("ada", aud), config)).toBe("aud");
  });

  it("[A2.6, O3.2] says so of a token that came over a socket, too", async () => {
    const ada = await join(fresh("room"), "ada");
    ada.send({ type: "auth", token: await signIn("ada", { rooms: null }) });
    expect(await ada.untilType("error")).toEqual({
      type: "error",
      code: "session_invalid",
      message: "The credential is not valid.",
    });
    expect(lines.at(-1)).toMatchObject({ event: "refused", detail: 'claim "rooms": not a list' });
  });

  it("[A2.6] no session that was refused has touched the room", async () => {
    const room = fresh("room");
    expect((await tryJoin(room, "ada", { token: await signIn("..") })).status).toBe(401);
    expect((await ask(`/rooms/${room}`, { headers: bearer(await signIn("ada")) })).status).toBe(
      200,
    );
    expect(await query(room, "SELECT name FROM sqlite_master WHERE name = 'members'")).toEqual([]);
  });
});
