/** The production Worker, but that its rooms count what they do, and log each of their starts. */
import worker from "../../../src/server/worker.ts";
import { type Env, Room as ServedRoom } from "../../../src/server/index.ts";
import { countStorage, settleCounts } from "./count-storage.ts";
import type { Counts } from "./counts.ts";

/** Outlive hibernation, in which objects lose their memory and the module does not. */
const known = new Map<string, Counts>();

function countsOf(name: string): Counts {
  let counts = known.get(name);
  if (!counts) {
    counts = { rowsWritten: 0, rowsRead: 0, alarmsSet: 0, alarmsFired: 0, starts: 0 };
    known.set(name, counts);
  }
  return counts;
}

export class Room extends ServedRoom {
  constructor(ctx: DurableObjectState, env: Env) {
    const counts = countsOf(ctx.id.name!);
    counts.starts++;
    const storage = countStorage(ctx.storage, counts);
    Object.defineProperty(ctx, "storage", { value: storage });
    super(ctx, env);
    console.log(JSON.stringify({ event: "constructed", room: ctx.id.name }));
  }

  override alarm(): Promise<void> {
    countsOf(this.ctx.id.name!).alarmsFired++;
    return super.alarm();
  }
}

export { Directory, User } from "../../../src/server/index.ts";

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/counts/")) return worker.fetch(request, env, ctx);
    // The module is the same for Worker and rooms: to look wakes nobody.
    const counts = countsOf(pathname.slice("/counts/".length));
    settleCounts(counts);
    return Response.json(counts);
  },
} satisfies ExportedHandler<Env>;
