import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readRoom, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const CONNECTION = "Connection: Upgrade";
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "Sec-WebSocket-Version: 13";

/** Asks for an upgrade by these headers alone; returns the status line. */
async function upgrade(room: string, user: string, headers: readonly string[]): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  const token = await signToken(server.secret, user);
  const lines = [
    `GET /rooms/${room} HTTP/1.1`,
    `Host: 127.0.0.1:${server.port}`,
    `Authorization: Bearer ${token}`,
    "Upgrade: websocket",
    ...headers,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const [data] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return data.toString("latin1").split("\r\n")[0]!;
}

it.for([
  { what: "nothing else", headers: [] },
  { what: "no key", headers: [CONNECTION, VERSION] },
  { what: "no version", headers: [CONNECTION, KEY] },
  { what: "another version", headers: [CONNECTION, KEY, "Sec-WebSocket-Version: 8"] },
  { what: "no connection, key or version", headers: ["Connection: keep-alive"] },
])("[A5.2, R1] an upgrade with $what is refused, and nobody joins", async ({ headers, what }) => {
  const room = `upgrade-${what.replaceAll(/\W/g, "-")}`;
  expect(await upgrade(room, "ada", headers)).toBe("HTTP/1.1 426 Upgrade Required");
  const { members } = await readRoom(server, room, await signToken(server.secret, "reader"));
  expect(members).toEqual([]);
});

it.for([
  { what: "all it needs", headers: [CONNECTION, KEY, VERSION] },
  { what: "no Connection, which the runtime does not ask for", headers: [KEY, VERSION] },
])("[R1] an upgrade with $what joins", async ({ headers }) => {
  expect(await upgrade("upgraded", "ada", headers)).toBe("HTTP/1.1 101 Switching Protocols");
});
