import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Policy } from "./policy.ts";

/** A request, and everything it is judged by. */
export interface RequestContext {
  env: Env;
  config: Config;
  policy: Policy;
  request: Request;
  /** Parsed at each access: most reads do not need it. */
  readonly url: URL;
  requestId: string;
}
