import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Policy } from "./policy.ts";

type Parts = Pick<RequestContext, "env" | "config" | "policy" | "request" | "requestId">;

/** A request, and everything it is judged by. */
export class RequestContext {
  readonly env: Env;
  readonly config: Config;
  readonly policy: Policy;
  readonly request: Request;
  readonly requestId: string;

  constructor({ env, config, policy, request, requestId }: Parts) {
    this.env = env;
    this.config = config;
    this.policy = policy;
    this.request = request;
    this.requestId = requestId;
  }

  /** Parsed at each access: most reads do not need it. */
  get url(): URL {
    return new URL(this.request.url);
  }
}
