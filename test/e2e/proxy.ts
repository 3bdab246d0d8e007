import { once } from "node:events";
import {
  type AddressInfo,
  connect,
  createServer,
  type Server as TcpServer,
  type Socket,
} from "node:net";

/**
 * `pass` lets everything through; `swallow` takes everything and answers nothing; `plain` answers
 * each upgrade with 400, as a proxy does that knows no WebSocket; `refuse` closes what connects.
 */
export type ProxyMode = "pass" | "swallow" | "plain" | "refuse";

const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** A proxy between a client and a server, which can fail. */
export class Proxy {
  mode: ProxyMode = "pass";
  readonly port: number;
  readonly #server: TcpServer;
  readonly #sockets = new Set<Socket>();
  /** Upgrades that were answered with 400. */
  refusals = 0;

  private constructor(server: TcpServer, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#join(client, target));
  }

  /** Starts one before a port of this machine. */
  static async before(target: number): Promise<Proxy> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new Proxy(server, target);
  }

  /** Cuts every connection, without a close to either side's WebSocket. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await once(this.#server.close(), "close");
  }

  #join(client: Socket, target: number): void {
    if (this.mode === "refuse") return void client.destroy();
    const server = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on("error", () => {});
      from.on("data", (bytes: Buffer) => {
        if (this.mode === "swallow") return;
        if (this.mode === "plain" && from === client && isUpgrade(bytes)) {
          this.refusals++;
          return void client.end(BAD_REQUEST);
        }
        to.write(bytes);
      });
    }
  }
}

/** Clients begin a connection of its own for each upgrade, with all its headers at once. */
function isUpgrade(bytes: Buffer): boolean {
  return /^GET [^]*\r\nupgrade: websocket\r\n/i.test(bytes.toString("latin1"));
}
