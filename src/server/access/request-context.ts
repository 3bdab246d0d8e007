import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Policy } from "./policy.ts";

/** A request, and all it is judged by. */
export interface RequestContext {
  env: Env;
  config: Config;
  policy: Policy;
  request: Request;
  /** Parsed at each look: most reads do without. */
  readonly url: URL;
  requestId: string;
}
