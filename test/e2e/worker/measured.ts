/** The production Worker with a dataset that writes each data point to the log. */
import { Directory, type Env, Hub, Room as ServedRoom, User } from "../../../src/server/index.ts";
import worker from "../../../src/server/worker.ts";

const METRICS: AnalyticsEngineDataset = {
  writeDataPoint: (point) => console.log(JSON.stringify({ event: "point", ...point })),
};

let measured: Env | undefined;
const measure = (env: Env): Env => (measured ??= { ...env, METRICS });

export class Room extends ServedRoom {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, measure(env));
  }
}

export { Directory, Hub, User };
export default {
  fetch: (request: Request, env: Env, ctx: ExecutionContext) =>
    worker.fetch(request, measure(env), ctx),
};
