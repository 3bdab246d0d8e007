import { reset } from "cloudflare:test";
import { vi } from "vitest";

// Files share a workerd: each starts with fresh modules, and with no rooms, users or counts.
vi.restoreAllMocks();
vi.useRealTimers();
vi.resetModules();
await reset();
