import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens where nobody else does, tells the parent the port, and ends when the parent does. */
export function listen(server: Server): void {
  process.once("disconnect", () => process.exit());
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    process.send!({ port: (server.address() as AddressInfo).port });
  });
}
