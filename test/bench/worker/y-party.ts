/** Presence by Yjs awareness, which y-partyserver relays as it comes. */
import { routePartykitRequest } from "partyserver";
import { YServer } from "y-partyserver";

interface Env extends Cloudflare.Env {
  ROOMS: DurableObjectNamespace<Room>;
}

export class Room extends YServer<Env> {
  static override options = { hibernate: true };
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;

/** Bound by the wrangler.toml of the service, and not asked here. */
export { Directory, Hub, User } from "../../../src/server/index.ts";
