/**
 * The production Worker, with a log line at each start of a room, which shows that it had
 * hibernated.
 */
import { type Env, Room as ServedRoom } from "../../../src/server/index.ts";

export class Room extends ServedRoom {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    console.log(JSON.stringify({ event: "constructed", room: ctx.id.name, at: Date.now() }));
  }
}

export { Directory, Hub, User } from "../../../src/server/index.ts";
export { default } from "../../../src/server/worker.ts";
