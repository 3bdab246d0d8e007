import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ask, HOST, refusal } from "../worker-kit/http.ts";
import { Peer, welcomeOf } from "../worker-kit/peer.ts";

const bearer = { Authorization: "Bearer the-token-of-ada" };
/** An app that checks tokens itself needs no secret. */
const bindings = { ...env, SESSION_SECRET: "", IN_BAND_AUTH: "true" };

// The rooms use the rules of the app created last: the example's, after production's.
await ask("/healthz");
const { default: app } = await import("../examples/server/library.ts");

const request = (path: string, headers: Record<string, string> = {}) =>
  app.request(`${HOST}${path}`, { headers }, bindings);

describe("mounted in an app of one's own", () => {
  it("[A4.2, R1] presence lives under the app's path, with the app's own check", async () => {
    expect(await (await request("/")).text()).toBe("The app's own pages.");
    const joined = await request("/presence/rooms/mounted", { ...bearer, Upgrade: "websocket" });
    const peer = new Peer(joined.webSocket!);
    await peer.untilType("snapshot");
    expect(welcomeOf(peer).self.id).toBe("ada");
    const read = await request("/presence/rooms/mounted", bearer);
    expect(await read.json()).toMatchObject({ online: 1, members: [{ id: "ada", name: "Ada" }] });
    const bad = await request("/presence/rooms/mounted", { Authorization: "Bearer other" });
    expect(await refusal(bad)).toEqual([401, "session_invalid"]);
  });

  it("[T2.3, T3.1] the same check judges tokens that come over a socket", async () => {
    const opened = await request("/presence/rooms/mounted?auth=message", { Upgrade: "websocket" });
    const peer = new Peer(opened.webSocket!);
    peer.send({ type: "auth", token: "the-token-of-ada" });
    await peer.untilType("snapshot");
    await peer.ask({ type: "auth", token: "the-token-of-ada" });
    expect(await peer.untilType("renewed")).toMatchObject({ type: "renewed" });
    peer.send({ type: "auth", token: "other" });
    expect(await peer.untilType("error")).toMatchObject({ code: "session_invalid" });
  });
});
