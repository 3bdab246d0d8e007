import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { windowOf } from "../../src/window/index.ts";
import { eventually, RawClient, readRoom, signToken } from "./client-kit.ts";
import { type ObserveOptions, ObservedClient } from "./observed-client.ts";
import { Proxy } from "./proxy.ts";
import { type Server, startServer } from "./server.ts";

const OPTIONS = { vars: { GRACE_SECONDS: "1", PUBLIC_COUNTS: "public" } };
const dots = { present: false, window: windowOf({ limit: 0 }) };

let server: Server;
let proxy: Proxy;
const clients: ObservedClient[] = [];
const others: RawClient[] = [];

beforeAll(async () => {
  server = await startServer(OPTIONS);
  proxy = await Proxy.before(server.port);
});

afterEach(() => {
  for (const { room } of clients.splice(0)) room.leave();
  for (const { ws } of others.splice(0)) ws.terminate();
  proxy.mode = "pass";
});

afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
});

/** A user's client through the proxy; a stranger's if `user` is empty. */
async function watch(
  room: string,
  user: string,
  options: ObserveOptions = dots,
): Promise<ObservedClient> {
  const token = user && (await signToken(server.secret, user));
  const client = new ObservedClient(`http://127.0.0.1:${proxy.port}/rooms/${room}`, {
    headers: () => (token ? { Authorization: `Bearer ${token}` } : {}),
    ...options,
  });
  clients.push(client);
  return client;
}

async function join(room: string, user: string): Promise<RawClient> {
  const client = await RawClient.join(server, room, await signToken(server.secret, user));
  others.push(client);
  return client;
}

const shown = ({ state }: ObservedClient) =>
  state.members.map(({ id, status }) => `${id} ${status}`);
const shows = (client: ObservedClient, ...expected: string[]) =>
  eventually(
    () => shown(client),
    (now) => JSON.stringify(now) === JSON.stringify(expected),
    { everyMs: 10 },
  );

describe("a watcher", () => {
  it("[K16.2, S1.2] is shown the room, and is on nobody's list", async () => {
    const bob = await join("seen", "bob");
    const watcher = await watch("seen", "ada", { present: false });
    await watcher.online();
    await shows(watcher, "bob online");
    expect(watcher.state).toMatchObject({ self: null, online: 1, connections: 1, watching: null });
    await bob.request({ type: "update", status: "busy" });
    await shows(watcher, "bob busy");
    const { members } = await readRoom(server, "seen", await signToken(server.secret, "eve"));
    expect(members.map(({ id }) => id)).toEqual(["bob"]);
    const told = bob.frames.flatMap((frame) => (frame.type === "delta" ? frame.set : []));
    expect(told.map(({ id }) => id)).not.toContain("ada");
  });

  it("[K16.2, S1.3] has no status and no data: that is an error", async () => {
    const watcher = await watch("no-status", "ada", { present: false });
    await watcher.online();
    watcher.room.setStatus("busy");
    await watcher.until(({ error }) => error?.code === "not_present");
    expect(watcher.state.connection).toBe("online");
    expect(watcher.state.self).toBeNull();
  });

  it("[K16.2, S3.1] of a public room is told counts with no session, and how many watch", async () => {
    await join("public", "bob");
    const stranger = await watch("public", "");
    await stranger.until(({ online, watching }) => online === 1 && watching === 1);
    expect(stranger.state).toMatchObject({ members: [], error: null });
    stranger.room.watch(["bob"]);
    await stranger.until(({ error }) => error?.code === "room_forbidden");
    expect(stranger.state).toMatchObject({ members: [], connection: "online" });
  });
});

describe("whom a window watches", () => {
  it("[K16.3, S5.2, S8] is shown as they come, hide and go, the unknown as offline", async () => {
    const bob = await join("watched", "bob");
    await join("watched", "cid");
    const watcher = await watch("watched", "ada");
    const end = watcher.room.watch(["bob", "zoe"]);
    await shows(watcher, "bob online", "zoe offline");
    expect(watcher.state.members[1]).toEqual({
      id: "zoe",
      name: "zoe",
      status: "offline",
      connections: 0,
      lastOnline: null,
    });
    expect(watcher.state.online).toBe(2);
    await bob.request({ type: "update", status: "offline" });
    await shows(watcher, "bob offline", "zoe offline");
    await join("watched", "zoe");
    await shows(watcher, "bob offline", "zoe online");
    watcher.room.watch(["cid"]);
    await shows(watcher, "bob offline", "cid online", "zoe online");
    end();
    await shows(watcher, "cid online");
    expect(watcher.state.error).toBeNull();
  });

  it("[K16.2, K16.3] is shown to a member, who is there, beside the first of the others", async () => {
    for (const user of ["bob", "cid", "dan"]) await join("beside", user);
    const window = windowOf({ limit: 2 });
    const ada = await watch("beside", "ada", { window });
    ada.room.watch(["dan"]);
    await shows(ada, "ada online", "bob online", "dan online");
    expect(ada.state).toMatchObject({ self: { id: "ada" }, online: 4 });
    ada.room.setStatus("busy");
    await shows(ada, "ada busy", "bob online", "dan online");
  });

  it("[K16.5] is watched again after a lost connection and a restart of the server", async () => {
    const bob = await join("again", "bob");
    const watcher = await watch("again", "ada");
    watcher.room.watch(["bob", "zoe"]);
    await shows(watcher, "bob online", "zoe offline");
    const before = watcher.state.members;
    watcher.cut();
    const { received } = await watcher.onlineAgain();
    // The first state holds them.
    expect(received.find(({ type }) => type === "snapshot")).toMatchObject({
      members: [{ id: "bob" }, { id: "zoe" }],
    });
    expect(watcher.state.members).toBe(before);

    const { persist, port } = server;
    await server.kill();
    await watcher.until(({ connection }) => connection === "reconnecting");
    bob.ws.terminate();
    server = await startServer({ ...OPTIONS, persist, port });
    await watcher.onlineAgain(2);
    await shows(watcher, "bob offline", "zoe offline");
    await join("again", "zoe");
    await shows(watcher, "bob offline", "zoe online");
  });
});

describe("a network that knows no WebSocket", () => {
  it("[K11.3, S4.5] lets a watcher read, of more than a URL names too, and makes them no member", async () => {
    proxy.mode = "plain";
    const bob = await join("polled", "bob");
    const watcher = await watch("polled", "ada");
    const ids = Array.from({ length: 120 }, (_, at) => `user-${String(at).padStart(3, "0")}`);
    watcher.room.watch([...ids, "bob"]);
    await watcher.until(({ members }) => members.length === 121);
    expect(watcher.state).toMatchObject({ connection: "polling", online: 1, self: null });
    expect(watcher.state.members[0]).toMatchObject({ id: "bob", status: "online" });
    expect(watcher.state.watching).toBe(0);
    expect(watcher.requests).toEqual([]);
    await bob.request({ type: "update", status: "busy" });
    watcher.room.watch(["zoe"]);
    await watcher.until(({ members }) => members.length === 122);
    expect(watcher.state.members[0]).toMatchObject({ status: "busy" });
    const { online } = await readRoom(server, "polled", await signToken(server.secret, "eve"));
    expect(online).toBe(1);
    proxy.mode = "pass";
    await watcher.online();
    await eventually(
      () => watcher.state.watching,
      (watching) => watching === 1,
    );
    expect(watcher.state.members).toHaveLength(122);
  });

  it("[K11.3] lets a watcher of the whole room read it", async () => {
    proxy.mode = "plain";
    await join("polled-whole", "bob");
    const watcher = await watch("polled-whole", "ada", { present: false });
    await watcher.until(({ connection }) => connection === "polling");
    expect(shown(watcher)).toEqual(["bob online"]);
    expect(watcher.requests).toEqual([]);
  });

  it("[K11.3, S4.6] shows a member who polls their window", async () => {
    proxy.mode = "plain";
    await join("polled-member", "bob");
    const ada = await watch("polled-member", "ada", { window: windowOf({ limit: 0 }) });
    ada.room.watch(["bob", "zoe"]);
    await shows(ada, "bob online", "zoe offline");
    expect(ada.state).toMatchObject({ connection: "polling", self: { id: "ada" }, online: 2 });
    ada.room.watch(["ada"]);
    await shows(ada, "ada online", "bob online", "zoe offline");
  });
});
