/** Presence as PartyServer's documentation shows how to build it: hibernating, a list, then messages. */
import { type Connection, type ConnectionContext, routePartykitRequest, Server } from "partyserver";

interface Env extends Cloudflare.Env {
  ROOMS: DurableObjectNamespace<Room>;
}

interface User {
  id: string;
  name: string;
  status: string;
}

export class Room extends Server<Env> {
  static override options = { hibernate: true };

  override onConnect(connection: Connection<User>, { request }: ConnectionContext): void {
    const { searchParams } = new URL(request.url);
    const number = searchParams.get("user")!.padStart(5, "0");
    const user = { id: `u${number}`, name: `Person ${number}`, status: "online" };
    connection.setState(user);
    if (!searchParams.has("silent")) {
      this.broadcast(JSON.stringify({ type: "join", user }), [connection.id]);
    }
    const users = [...this.getConnections<User>()].map(({ state }) => state);
    connection.send(JSON.stringify({ type: "snapshot", users }));
  }

  override onMessage(connection: Connection<User>, message: string): void {
    const { type, status, ...signal } = JSON.parse(message) as { type: string; status: string };
    if (type === "signal") {
      const from = connection.state!.id;
      return this.broadcast(JSON.stringify({ type, from, ...signal }), [connection.id]);
    }
    const { id } = connection.setState({ ...connection.state!, status })!;
    this.broadcast(JSON.stringify({ type: "update", id, status }));
  }

  override onClose(connection: Connection<User>): void {
    const { id } = connection.state!;
    this.broadcast(JSON.stringify({ type: "leave", id }), [connection.id]);
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;

/** Bound by the wrangler.toml of the service, and not asked here. */
export { Directory, Hub, User } from "../../../src/server/index.ts";
