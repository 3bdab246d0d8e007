import { once } from "node:events";
import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import {
  type JoinOptions,
  joinRoom,
  type RoomHandle,
  type RoomState,
} from "../../src/client/index.ts";
import { oncePerRun } from "../once-per-run.ts";

/** The `window` of a page of the site. */
interface PageGlobals {
  joinRoom: typeof joinRoom;
  room: RoomHandle;
}

/** How the page's client signs in: by what the browser sends, or by its app's backend. */
export type Way = "cookie" | "ticket" | "token";

const PAGE = `<!doctype html><title>An app</title>
<script type="module">
  import { joinRoom } from "/client.js";
  Object.assign(window, { joinRoom });
</script>`;

/** The client as an app's own build would pack it. */
async function bundleClient(): Promise<string> {
  const entry = join(import.meta.dirname, "../../src/client/index.ts");
  const { build } = await import("vite");
  const built = await build({
    configFile: false,
    logLevel: "warn",
    build: { write: false, lib: { entry, formats: ["es"], fileName: "client" } },
  });
  if (!Array.isArray(built)) throw new Error("The client was not built.");
  return built[0]!.output[0].code;
}

/** What the app's backend can do for a user who is signed in there. */
export interface Backend {
  /** Returns a ticket for a room to the holder of the app's session. */
  ticket(room: string, session: string): Promise<string>;
  /** Returns a token for presence to the holder of the app's session. */
  token(session: string): Promise<string>;
}

/**
 * An app with its own sign-in, under every name of this machine: browsers treat each name below
 * `localhost` as a separate site.
 */
export class AppSite {
  readonly port: number;
  readonly #server: HttpServer;

  private constructor(server: HttpServer) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** `backend` is asked for at the first request, since presence has to know the site first. */
  static async start(backend: () => Backend): Promise<AppSite> {
    const client = await oncePerRun("client", bundleClient);
    const server = createServer((request, response) => {
      const end = (status: number, type: string, body: string) =>
        response.writeHead(status, { "Content-Type": type }).end(body);
      const { pathname, searchParams } = new URL(request.url!, "http://app.localhost");
      const session = sessionOf(request);
      const give = (promise: Promise<string>) =>
        void promise.then(
          (credential) => end(200, "text/plain", credential),
          (error: unknown) => end(500, "text/plain", String(error)),
        );
      if (pathname === "/") return end(200, "text/html", PAGE);
      if (pathname === "/client.js") return end(200, "text/javascript", client);
      if (session === null) return end(401, "text/plain", "Sign in first.");
      if (pathname === "/ticket") return give(backend().ticket(searchParams.get("room")!, session));
      if (pathname === "/token") return give(backend().token(session));
      return end(404, "text/plain", "");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new AppSite(server);
  }

  origin(host: string): string {
    return `http://${host}:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), "close");
  }
}

function sessionOf({ headers }: IncomingMessage): string | null {
  return /(?:^|; )app=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? null;
}

/** Lets a page of the site join a room, as its own script would. */
export async function joinFrom(
  page: Page,
  room: string,
  way: Way,
  options: Pick<JoinOptions, "idleAfterMs"> = {},
): Promise<void> {
  await page.waitForFunction(() => "joinRoom" in window);
  await page.evaluate(
    ([room, way, options]) => {
      const page = window as unknown as PageGlobals;
      const ask = async (path: string) => {
        const answer = await fetch(path, { method: "POST" });
        if (!answer.ok) throw new Error(await answer.text());
        return answer.text();
      };
      const name = new URL(room).pathname.split("/").at(-1)!;
      const ways: Record<Way, JoinOptions> = {
        cookie: {},
        ticket: { getTicket: () => ask(`/ticket?room=${name}`) },
        token: { getToken: () => ask("/token") },
      };
      page.room = page.joinRoom(room, { ...ways[way], ...options });
    },
    [room, way, options] as const,
  );
}

/** The room as the page's script sees it. */
export function stateOn(page: Page): Promise<RoomState> {
  return page.evaluate(() => (window as unknown as PageGlobals).room.getSnapshot());
}
