/** The production Worker, but that its objects count what they do, and its rooms log each of their starts. */
import worker from "../../../src/server/worker.ts";
import {
  Directory as ServedDirectory,
  type Env,
  Hub,
  Room as ServedRoom,
  User as ServedUser,
} from "../../../src/server/index.ts";
import { countStorage, settleCounts } from "./count-storage.ts";
import type { Counts } from "./counts.ts";

/** Outlive hibernation, in which objects lose their memory and the module does not. */
const known = new Map<string, Counts>();

function countsOf(name: string): Counts {
  let counts = known.get(name);
  if (!counts) {
    counts = { rowsWritten: 0, rowsRead: 0, alarmsSet: 0, alarmsFired: 0, starts: 0, calls: 0 };
    known.set(name, counts);
  }
  return counts;
}

/** Counts what an object does to its storage; to be called before the object looks at it. */
function count(ctx: DurableObjectState, name: string): DurableObjectState {
  const counts = countsOf(name);
  counts.starts++;
  Object.defineProperty(ctx, "storage", { value: countStorage(ctx.storage, counts) });
  return ctx;
}

type Callable = (...args: unknown[]) => unknown;

/** Counts the calls of a class's own methods but those that the platform calls. */
function countCalls(served: { prototype: object }, counting: { prototype: object }): void {
  for (const name of Object.getOwnPropertyNames(served.prototype)) {
    if (/^(constructor|fetch|alarm|webSocket\w+)$/.test(name)) continue;
    const method = Reflect.get(served.prototype, name) as Callable;
    const value = function (this: unknown, ...args: unknown[]) {
      countsOf(CALLS).calls++;
      return method.apply(this, args);
    };
    Object.defineProperty(counting.prototype, name, { value });
  }
}

const USERS = "users";
const DIRECTORY = "directory";
const CALLS = "calls";

export class Room extends ServedRoom {
  constructor(ctx: DurableObjectState, env: Env) {
    super(count(ctx, ctx.id.name!), env);
    console.log(JSON.stringify({ event: "constructed", room: ctx.id.name }));
  }

  override alarm(): Promise<void> {
    countsOf(this.ctx.id.name!).alarmsFired++;
    return super.alarm();
  }
}

export class User extends ServedUser {
  constructor(ctx: DurableObjectState, env: Env) {
    super(count(ctx, USERS), env);
  }
}

export class Directory extends ServedDirectory {
  constructor(ctx: DurableObjectState, env: Env) {
    super(count(ctx, DIRECTORY), env);
  }
}

export { Hub };

countCalls(ServedRoom, Room);
countCalls(ServedUser, User);
countCalls(ServedDirectory, Directory);

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/counts/")) return worker.fetch(request, env, ctx);
    // The module is the same for Worker and objects: to look wakes nobody.
    const counts = countsOf(pathname.slice("/counts/".length));
    settleCounts(counts);
    return Response.json(counts);
  },
} satisfies ExportedHandler<Env>;
