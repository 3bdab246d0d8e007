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
  #url: URL | null = null;

  constructor({ env, config, policy, request, requestId }: Parts) {
    this.env = env;
    this.config = config;
    this.policy = policy;
    this.request = request;
    this.requestId = requestId;
  }

  /** Parsed at the first access: most requests do not need it. */
  get url(): URL {
    this.#url ??= new URL(this.request.url);
    return this.#url;
  }

  /** The query; `null` for none, as for most requests, whose URL need not be parsed for it. */
  get query(): URLSearchParams | null {
    return this.request.url.includes("?") ? this.url.searchParams : null;
  }
}
