import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { RawClient, readRoom, signToken } from "./client-kit.ts";
import { ObservedClient } from "./observed-client.ts";
import { Proxy } from "./proxy.ts";
import { type Server, startServer } from "./server.ts";
import { statusesOf } from "./told.ts";

let server: Server;
let proxy: Proxy;
/** What tells of the network in a browser; Node has none. */
const network = new EventTarget();
const clients: ObservedClient[] = [];

beforeAll(async () => {
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  server = await startServer();
  proxy = await Proxy.before(server.port);
});

afterAll(async () => {
  for (const { room } of clients) room.leave();
  await proxy?.stop();
  await server?.stop();
  vi.unstubAllGlobals();
});

/** Ada by the proxy, and somebody who watches her and has none. */
async function adaAndWatcher(room: string): Promise<[ObservedClient, RawClient]> {
  const watcher = await RawClient.join(server, room, await signToken(server.secret, "watcher"));
  const token = await signToken(server.secret, "ada");
  const ada = new ObservedClient(`http://127.0.0.1:${proxy.port}/rooms/${room}`, {
    headers: () => ({ Authorization: `Bearer ${token}` }),
  });
  clients.push(ada);
  await ada.online();
  return [ada, watcher];
}

async function expectSame(ada: ObservedClient, room: string): Promise<void> {
  const token = await signToken(server.secret, "watcher");
  const { members } = await readRoom(server, room, token);
  expect(ada.state.members).toEqual(members);
}

describe("a network that", () => {
  it("[K8, V3] swallows every frame is found out, and nobody saw the person go", async () => {
    const [ada, watcher] = await adaAndWatcher("swallowed");
    proxy.mode = "swallow";
    network.dispatchEvent(new Event("offline"));
    await ada.until(({ connection }) => connection === "reconnecting");
    await watcher.request({ type: "update", status: "busy" });
    // Nothing tells the client that all is well again.
    proxy.mode = "pass";
    const { url, received } = await ada.onlineAgain();
    expect(url.searchParams.has("since")).toBe(true);
    expect(received.map(({ type }) => type).slice(0, 2)).toEqual(["welcome", "delta"]);
    await ada.until(({ members }) => members.some(({ status }) => status === "busy"));
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    await expectSame(ada, "swallowed");
  });

  it("[K6, K7] is gone for a while keeps the last change, and the grace hides the loss", async () => {
    const [ada, watcher] = await adaAndWatcher("tunnel");
    proxy.mode = "refuse";
    proxy.cut();
    await ada.until(({ connection }) => connection === "reconnecting");
    ada.room.setData({ at: "the entry" });
    ada.room.setData({ at: "the exit" });
    proxy.mode = "pass";
    network.dispatchEvent(new Event("online"));
    await ada.onlineAgain();
    await watcher.until(
      (frame) =>
        frame.type === "delta" && frame.set.some(({ data }) => data?.["at"] === "the exit"),
    );
    expect(JSON.stringify(watcher.frames)).not.toContain("the entry");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    await ada.until(({ members }) => members.some(({ data }) => data !== undefined));
    await expectSame(ada, "tunnel");
  });
});
