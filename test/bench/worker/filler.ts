import { DurableObject } from "cloudflare:workers";
import { parseSince } from "../../../src/protocol/since.ts";
import { ROOM_URL, toRoom, type ReadRequest } from "../../../src/server/room/room-request.ts";
import type { Env } from "../../../src/server/index.ts";
import type { FillCommand } from "./large-commands.ts";
import { forAll, hold, upgrade } from "./enter.ts";
import { idOf, sessionOf } from "./large-members.ts";

const AT_ONCE = 50;

/** Fills a room of one object from inside, so that no descriptor is needed for a socket. */
export class Filler extends DurableObject<Env> {
  readonly #sockets: WebSocket[] = [];

  override async fetch(request: Request): Promise<Response> {
    const command = await request.json<FillCommand>();
    if (command.do === "hold") await this.#hold(command.count);
    else await this.#open(command.count);
    return Response.json(null);
  }

  get #room() {
    return this.env.ROOMS.getByName("heap");
  }

  /** Makes users present by leases. */
  async #hold(count: number): Promise<void> {
    const users = Array.from({ length: count }, (_, user) => user);
    await forAll(users, AT_ONCE, (user) =>
      hold(this.#room, idOf(user), crypto.randomUUID(), { isNew: true, update: {} }),
    );
  }

  /** Opens a socket for each of them, which is shown the whole room, and knew it before. */
  async #open(count: number): Promise<void> {
    for (let first = 0; first < count; first += AT_ONCE) {
      const users = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, of) => first + of);
      const since = await this.#state();
      await forAll(users, AT_ONCE, async (user) => {
        const requestId = crypto.randomUUID();
        const joiner = sessionOf(idOf(user));
        this.#sockets.push(await upgrade(this.#room, { ask: "join", requestId, joiner, since }));
      });
    }
  }

  async #state() {
    const asked: ReadRequest = { ask: "read", requestId: crypto.randomUUID(), countsOnly: true };
    const response = await this.#room.fetch(ROOM_URL, toRoom(asked, new Request(ROOM_URL)));
    const { epoch, version } = await response.json<{ epoch: string; version: number }>();
    return parseSince(`${epoch}.${version}`)!;
  }
}
