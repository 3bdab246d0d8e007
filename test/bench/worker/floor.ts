/**
 * What the engine itself costs: an object that accepts sockets and sends the same bytes to the same
 * sockets as a room does, from texts it made before, and does nothing else. Where it is told, it stores
 * the changes of members as well.
 */
import { DurableObject } from "cloudflare:workers";

interface Env {
  ROOMS: DurableObjectNamespace<Room>;
}

const EPOCH = "00000000-0000-4000-8000-000000000000";

function member(index: number, status: string): string {
  const id = String(index).padStart(5, "0");
  return JSON.stringify({
    id: `u${id}`,
    name: `Person ${id}`,
    status,
    connections: 1,
    lastOnline: null,
  });
}

const head = (type: "snapshot" | "delta", online: number) =>
  `{"type":"${type}","room":"floor","epoch":"${EPOCH}","version":${online},"online":${online},"connections":${online},`;

/** Made once for a size; a joiner to a room gets as many members in its first frames. */
const snapshots = new Map<number, string>();

function snapshotOf(size: number): string {
  let text = snapshots.get(size);
  if (text === undefined) {
    const members = Array.from({ length: size }, (_, index) => member(index, "online"));
    text = `${head("snapshot", size)}"members":[${members.join()}]}`;
    snapshots.set(size, text);
  }
  return text;
}

/** No two changes are alike in a room, and a compressor would notice if they were. */
const changeOf = (index: number) =>
  `${head("delta", 1000 + index)}"from":${999 + index},"set":[${member(index, "busy")}],"gone":[]}`;

const texts = new Map<number, string>();

/** Made once for a length. */
function textOf(bytes: number): string {
  const text = texts.get(bytes) ?? "x".repeat(bytes);
  texts.set(bytes, text);
  return text;
}

/** In the query of who is not delivered to, but whose changes are stored. */
const MEMBER = "member";
const PING = new WebSocketRequestResponsePair("ping", "pong");
const TABLE =
  "CREATE TABLE IF NOT EXISTS members (id INTEGER PRIMARY KEY, member TEXT) WITHOUT ROWID";
const ACK = '{"type":"ack","id":"a"}';

export class Room extends DurableObject<Env> {
  #sockets: WebSocket[] | null = null;
  #members = new Map<WebSocket, number>();
  #changes = 0;
  #delivered = 0;

  override fetch(request: Request): Response {
    const url = new URL(request.url);
    if (request.headers.get("Upgrade") === null) {
      return new Response("x".repeat(Number(url.searchParams.get("bytes"))));
    }
    this.ctx.setWebSocketAutoResponse(PING);
    const { 0: client, 1: server } = new WebSocketPair();
    if (url.searchParams.has(MEMBER)) {
      this.ctx.acceptWebSocket(server);
      if (this.#members.size === 0) this.ctx.storage.sql.exec(TABLE);
      this.#members.set(server, this.#members.size);
    } else {
      this.ctx.acceptWebSocket(server);
    }
    this.#sockets = null;
    server.send(snapshotOf(Number(url.searchParams.get("size"))));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(ws: WebSocket, message: string): void {
    if (message.startsWith("keep ")) return this.#keep(ws, message);
    if (message.startsWith("tell ")) return this.#tell(ws, message);
    if (message.startsWith("deliver ")) return this.#deliver(message);
    // What becomes of it, another message says.
    if (message.startsWith('{"type":"signal"')) return;
    const id = this.#members.get(ws);
    if (id !== undefined) return this.#store(ws, id);
    if (message !== "change") return ws.send(ACK);
    const text = changeOf(++this.#changes);
    for (const socket of this.#listening) socket.send(text);
  }

  /** A row and an answer, as a member's change takes at least. */
  #store(ws: WebSocket, id: number): void {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT OR REPLACE INTO members VALUES (?, ?)", id, member(id, "busy"));
    ws.send(ACK);
  }

  get #listening(): WebSocket[] {
    this.#sockets ??= this.ctx.getWebSockets().filter((ws) => !this.#members.has(ws));
    return this.#sockets;
  }

  /** `deliver <frames> <bytes>`: so many frames of that size, to each socket in its turn. */
  #deliver(message: string): void {
    const [, frames, bytes] = message.split(" ").map(Number) as [number, number, number];
    const text = textOf(bytes);
    const sockets = this.#listening;
    for (let sent = 0; sent < frames; sent++) {
      sockets[this.#delivered++ % sockets.length]!.send(text);
    }
  }

  /** `keep <value>`: answers once the value is stored, as a room does. */
  #keep(ws: WebSocket, message: string): void {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS kept (key INTEGER PRIMARY KEY, value TEXT)");
    sql.exec("INSERT OR REPLACE INTO kept VALUES (1, ?)", message);
    ws.send('{"type":"ack","id":"a"}');
  }

  /** `tell <value>`: the same with all sockets found before, which are sent a change after it. */
  #tell(ws: WebSocket, message: string): void {
    const sockets = this.ctx.getWebSockets();
    this.#keep(ws, message);
    const text = changeOf(++this.#changes);
    setTimeout(() => {
      for (const socket of sockets) socket.send(text);
    }, 0);
  }

  override webSocketClose(ws: WebSocket): void {
    this.#sockets = null;
    this.#members.delete(ws);
    ws.close();
  }
}

export default {
  fetch(request, env) {
    const room = new URL(request.url).pathname.split("/")[2]!;
    return env.ROOMS.getByName(room).fetch(request);
  },
} satisfies ExportedHandler<Env>;

/** Bound by the wrangler.toml of the service, and not asked here. */
export { Directory, Hub, User } from "../../../src/server/index.ts";
