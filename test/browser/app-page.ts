import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { ConnectionState, JoinOptions, RoomState } from "../../src/client/index.ts";
import type { ServerFrame } from "../../src/protocol/messages.ts";
import { eventually, RawClient, readRoom, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { AppSite, joinFrom, stateOn } from "./app-site.ts";

const APP = "app.localhost";
const PRESENCE = "presence.localhost";

/** An app, and the presence service that its pages use. */
export class App {
  readonly #site: AppSite;
  readonly server: Server;

  private constructor(site: AppSite, server: Server) {
    this.#site = site;
    this.server = server;
  }

  static async start(vars: Record<string, string> = {}): Promise<App> {
    const site = await AppSite.start(() => ({
      ticket: () => Promise.reject(new Error("Nobody asks for one.")),
      token: (user) => signToken(app.server.secret, user),
    }));
    const server = await startServer({
      vars: { ALLOWED_ORIGINS: site.origin(APP), IN_BAND_AUTH: "true", ...vars },
    });
    const app: App = new App(site, server);
    return app;
  }

  async stop(): Promise<void> {
    await Promise.all([this.server.stop(), this.#site.stop()]);
  }

  get url(): string {
    return this.#site.origin(APP);
  }

  roomUrl(room: string, port = this.server.port): string {
    return `http://${PRESENCE}:${port}/rooms/${room}`;
  }

  /** Opens a page of a user who is signed in at the app. */
  async open(context: BrowserContext, user: string): Promise<AppPage> {
    const cookie = { name: "app", value: user, domain: APP, path: "/" };
    await context.addCookies([{ ...cookie, httpOnly: true, sameSite: "Lax" }]);
    const page = await context.newPage();
    const opened = new AppPage(page);
    await page.goto(this.url);
    return opened;
  }

  /** Opens a page, and waits until it is in a room; `port` is the service's own if absent. */
  async enter(
    context: BrowserContext,
    user: string,
    room: string,
    {
      port = this.server.port,
      ...options
    }: Pick<JoinOptions, "idleAfterMs"> & { port?: number } = {},
  ): Promise<AppPage> {
    const opened = await this.open(context, user);
    await opened.join(this.roomUrl(room, port), options);
    return opened;
  }

  /** An observer in a room who sees every frame. */
  async watch(room: string): Promise<RawClient> {
    return RawClient.join(this.server, room, await signToken(this.server.secret, "watcher"));
  }

  /** Waits until a page shows exactly what `GET` answers. */
  async agrees(page: Pick<AppPage, "state">, room: string): Promise<void> {
    const token = await signToken(this.server.secret, "watcher");
    await eventually(
      async () => {
        const { members, online, connections } = await readRoom(this.server, room, token);
        const state = await page.state();
        return [{ members, online, connections }, state] as const;
      },
      ([{ members, online, connections }, state]) => {
        const shown = [state.members, state.online, state.connections];
        return JSON.stringify(shown) === JSON.stringify([members, online, connections]);
      },
    );
  }
}

/** A page of the app, and what the room sent to it. */
export class AppPage {
  readonly page: Page;
  /** `pong` left out. */
  readonly frames: ServerFrame[] = [];
  /** What each socket was opened with. */
  readonly sockets: URL[] = [];
  /** What the page has sent, over all its sockets. */
  readonly sent: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("websocket", (socket) => {
      this.sockets.push(new URL(socket.url()));
      socket.on("framesent", ({ payload }) => void this.sent.push(String(payload)));
      socket.on("framereceived", ({ payload }) => {
        const text = String(payload);
        if (text.startsWith("{")) this.frames.push(JSON.parse(text) as ServerFrame);
      });
    });
  }

  async join(
    room: string,
    options: Pick<JoinOptions, "idleAfterMs">,
    way: ConnectionState = "online",
  ): Promise<void> {
    await joinFrom(this.page, room, "token", options);
    await this.until(({ connection }) => connection === way);
  }

  state(): Promise<RoomState> {
    return stateOn(this.page);
  }

  until(satisfies: (state: RoomState) => boolean, withinMs = 20_000): Promise<RoomState> {
    return eventually(() => this.state(), satisfies, { withinMs });
  }

  expectNeverLeft(): void {
    expect(this.sent.filter((text) => text.includes('"leave"'))).toEqual([]);
  }
}
