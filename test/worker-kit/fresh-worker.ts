import { env } from "cloudflare:workers";
import { reset } from "cloudflare:test";
import { vi } from "vitest";

// Files share a workerd: each starts with fresh modules, and with no rooms, users or counts.
vi.restoreAllMocks();
vi.useRealTimers();
vi.resetModules();
await reset();

// A reset leaves what the rate limiters have counted in this minute, so each file has keys of its own.
const file = crypto.randomUUID();
for (const limiter of [env.CONNECTS, env.READS]) {
  const limit = Object.getPrototypeOf(limiter).limit as RateLimit["limit"];
  limiter!.limit = ({ key }) => limit.call(limiter, { key: `${file} ${key}` });
}
