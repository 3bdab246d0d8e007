import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import type { ConnectionState } from "../../src/client/index.ts";
import type { ServerFrame } from "../../src/protocol/messages.ts";
import { ObservedClient } from "./observed-client.ts";
import { Proxy } from "./proxy.ts";
import { type Server, startServer } from "./server.ts";
import { statusesOf } from "./told.ts";

let server: Server;
let proxy: Proxy;
/** A browser's network events; Node has none. */
const network = new EventTarget();
const clients: ObservedClient[] = [];

beforeAll(async () => {
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  server = await startServer({
    // A grace period is longer than any wait here.
    vars: { TICKET_SECRET: "t".repeat(32), IN_BAND_AUTH: "true", GRACE_SECONDS: "60" },
  });
  proxy = await Proxy.before(server.port);
});

afterAll(async () => {
  for (const { room } of clients) room.leave();
  await proxy?.stop();
  await server?.stop();
  vi.unstubAllGlobals();
});

/** Ada through the proxy, and an observer without one. */
async function adaAndWatcher(
  room: string,
  way: ConnectionState = "online",
): Promise<[ObservedClient, RawClient]> {
  const watcher = await RawClient.join(server, room, await signToken(server.secret, "watcher"));
  const token = await signToken(server.secret, "ada");
  const ada = new ObservedClient(`http://127.0.0.1:${proxy.port}/rooms/${room}`, {
    headers: () => ({ Authorization: `Bearer ${token}` }),
  });
  clients.push(ada);
  await ada.until(({ connection }) => connection === way);
  return [ada, watcher];
}

async function expectSame(ada: ObservedClient, room: string): Promise<void> {
  const token = await signToken(server.secret, "watcher");
  const { members } = await readRoom(server, room, token);
  expect(ada.state.members).toEqual(members);
}

describe("a network that", () => {
  it("[K8.2, V3] swallows every frame is found out, and nobody saw the person go", async () => {
    const [ada, watcher] = await adaAndWatcher("swallowed");
    proxy.mode = "swallow";
    network.dispatchEvent(new Event("offline"));
    await ada.until(({ connection }) => connection === "reconnecting");
    await watcher.request({ type: "update", status: "busy" });
    // Nothing tells the client that the network is back.
    proxy.mode = "pass";
    const { url, received } = await ada.onlineAgain();
    expect(url.searchParams.has("since")).toBe(true);
    expect(received.map(({ type }) => type).slice(0, 2)).toEqual(["welcome", "delta"]);
    await ada.until(({ members }) => members.some(({ status }) => status === "busy"));
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online"]);
    await expectSame(ada, "swallowed");
  });

  it("[K6.1, K7.2] is gone for a while keeps the last change, and the grace hides the loss", async () => {
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

  it("[K11.1, K12.1, P1.1, P2.1] knows no WebSocket is gone round, with no flicker there and back", async () => {
    proxy.mode = "plain";
    const [ada, watcher] = await adaAndWatcher("plain", "polling");
    expect(proxy.refusals).toBeGreaterThanOrEqual(2);
    expect(ada.state.self).toEqual({ id: "ada", chosen: null });
    await expectSame(ada, "plain");

    ada.room.setStatus("busy");
    ada.room.setData({ by: "http" });
    await watcher.until(
      (frame) => frame.type === "delta" && frame.set.some(({ data }) => data !== undefined),
    );
    await watcher.request({ type: "update", status: "away" });
    await ada.until(({ members }) => members.some(({ status }) => status === "away"));
    expect(ada.state.self?.chosen).toBe("busy");
    await expectSame(ada, "plain");

    proxy.mode = "pass";
    network.dispatchEvent(new Event("online"));
    await ada.online();
    const [leave] = await eventually(
      () => ada.requests.filter(({ method }) => method === "POST"),
      ([first]) => first !== undefined && first.status !== null,
    );
    expect(leave?.status).toBe(204);
    await ada.until(({ members }) => members[0]?.connections === 1);
    await expectSame(ada, "plain");
    expect(statusesOf(watcher.frames, "ada")).toEqual(["online", "busy"]);
  });

  it("[K11.1, P2.1] knows no WebSocket lets a client leave at once", async () => {
    proxy.mode = "plain";
    const [ada, watcher] = await adaAndWatcher("leaving", "polling");
    ada.room.leave();
    const isGone = (frame: ServerFrame) =>
      frame.type === "delta" && frame.set.some(({ status }) => status === "offline");
    // Sooner than any grace period or lease would end.
    await expect(watcher.until(isGone)).resolves.toBeDefined();
  });

  it.each(["ticket", "token"])("[K11.1, T1.3] knows no WebSocket lets in by a %s", async (way) => {
    proxy.mode = "plain";
    const room = `by-${way}`;
    const token = await signToken(server.secret, "ada");
    const getTicket = async () => {
      const request = { headers: { Authorization: `Bearer ${token}` }, body: `{"room":"${room}"}` };
      const answer = await fetch(`${server.url}/tickets`, { method: "POST", ...request });
      return ((await answer.json()) as { ticket: string }).ticket;
    };
    const hooks = { ticket: { getTicket }, token: { getToken: () => token } }[way];
    const ada = new ObservedClient(`http://127.0.0.1:${proxy.port}/rooms/${room}`, hooks);
    clients.push(ada);
    await ada.until(({ connection }) => connection === "polling");
    ada.room.setStatus("busy");
    await ada.until(({ members }) => members[0]?.status === "busy");
    expect(ada.requests.map(({ status }) => status)).toEqual([200, 200]);
    await expectSame(ada, room);
  });
});
