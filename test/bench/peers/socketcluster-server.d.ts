/** The part of it that is used here; it comes without types. */
declare module "socketcluster-server" {
  import type { IncomingMessage, Server } from "node:http";

  interface Stream<Item> extends AsyncIterable<Item> {
    once(): Promise<Item>;
  }
  export interface AGServerSocket {
    request: IncomingMessage & { url: string };
    procedure(name: string): Stream<{ end(data: unknown): void }>;
    receiver(event: string): Stream<unknown>;
    listener(event: string): Stream<unknown>;
  }
  interface AGServer {
    exchange: { transmitPublish(channel: string, data: unknown): void };
    listener(event: "connection"): Stream<{ socket: AGServerSocket }>;
  }
  export function attach(server: Server): AGServer;
}
