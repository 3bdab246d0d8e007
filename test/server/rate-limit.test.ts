import { describe, expect, it } from "vitest";
import { ask, refusal } from "../worker-kit/http.ts";
import { tryJoin } from "../worker-kit/peer.ts";
import { signIn } from "../worker-kit/sign-in.ts";

let rooms = 0;

/** Connects until it is refused for being too often; answers the number of connects that were not. */
async function connectUntilLimited(connect: () => Promise<Response>): Promise<number> {
  // The minute may turn once on the way.
  for (let connects = 0; connects <= 121; connects++) {
    const answer = await connect();
    answer.webSocket?.accept();
    if (answer.status === 429) {
      expect(answer.headers.get("Retry-After")).toBe("30");
      expect(await refusal(answer)).toEqual([429, "rate_limited"]);
      return connects;
    }
  }
  throw new Error("nothing limits connects");
}

describe("the limit of connects", { timeout: 20_000 }, () => {
  it("[A7] is 60 a minute of a user, whatever the address, and leaves others alone", async () => {
    const token = await signIn("ada");
    let address = 0;
    const count = await connectUntilLimited(() => {
      const headers = { "CF-Connecting-IP": `192.0.2.${++address % 250}` };
      return tryJoin(`rate-${++rooms}`, "ada", { token, headers });
    });
    expect(count).toBeGreaterThanOrEqual(60);
    const other = await tryJoin(`rate-${++rooms}`, "bob");
    expect(other.status).toBe(101);
    other.webSocket!.accept();
    const read = await ask(`/rooms/rate-1`, { headers: { Authorization: `Bearer ${token}` } });
    expect(read.status).toBe(200);
  });

  it("[A7] is 60 a minute of an address where the credential fails, and costs its users nothing", async () => {
    const headers = { "CF-Connecting-IP": "198.51.100.7" };
    const room = `rate-${++rooms}`;
    const count = await connectUntilLimited(() => tryJoin(room, "eve", { token: "bad", headers }));
    expect(count).toBeGreaterThanOrEqual(60);
    const neighbour = await tryJoin(room, "cleo", { headers });
    expect(neighbour.status).toBe(101);
    neighbour.webSocket!.accept();
    const elsewhere = { "CF-Connecting-IP": "198.51.100.8" };
    const answer = await tryJoin(room, "eve", { token: "bad", headers: elsewhere });
    expect(await refusal(answer)).toEqual([401, "session_invalid"]);
  });

  it("[A7] does not count reads", async () => {
    const headers = { Authorization: `Bearer ${await signIn("dora")}` };
    for (let reads = 0; reads < 130; reads++) {
      expect((await ask("/rooms/rate-read", { headers })).status).toBe(200);
    }
  });
});
