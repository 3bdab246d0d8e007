import { afterAll, vi } from "vitest";

// Files share a process: each starts with fresh modules.
vi.resetModules();
const { stopServers } = await import("./server.ts");

// Vitest ends its processes without notice.
afterAll(stopServers);
