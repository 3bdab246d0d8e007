import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { revoke } from "../../worker-kit/backend.ts";
import { ask, refusal } from "../../worker-kit/http.ts";
import { useUpMinute } from "../../worker-kit/minute.ts";
import { signIn } from "../../worker-kit/sign-in.ts";

const from = (number: number) => ({ "CF-Connecting-IP": `203.0.113.${number}` });
const LIMITED = [429, "rate_limited"];
const read = (address: number, token: string) =>
  ask("/rooms/strangers", { headers: { Authorization: `Bearer ${token}`, ...from(address) } });

const useUp = (address: number, token: string) =>
  useUpMinute(async () => (await read(address, token)).status === 429);

describe("an address that has used up its failures", () => {
  it("[A7.5, B8.1] has no user's object asked, but about sessions that were lately found good", async () => {
    const known = await signIn("strangers-ada");
    expect((await read(77, known)).status).toBe(200);
    expect(await useUp(77, "bad")).toBeGreaterThanOrEqual(60);
    expect((await read(77, known)).status).toBe(200);
    const before = (await listDurableObjectIds(env.USERS!)).length;
    const unknown = await signIn("strangers-bob");
    expect(await refusal(await read(77, unknown))).toEqual(LIMITED);
    expect((await listDurableObjectIds(env.USERS!)).length).toBe(before);
    expect((await read(78, unknown)).status).toBe(200);
  });

  it("[A7.3, B3.2] is one that reads with a revoked session, too", async () => {
    const token = await signIn("strangers-eve");
    await revoke("strangers-eve");
    expect(await refusal(await read(79, token))).toEqual([401, "session_revoked"]);
    expect(await useUp(79, token)).toBeGreaterThanOrEqual(60);
  });
});
