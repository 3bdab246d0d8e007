import { afterAll, vi } from "vitest";

// Files share a process: each begins with modules of its own.
vi.resetModules();
const { stopServers } = await import("./server.ts");

// Vitest ends its processes in a way that tells them nothing.
afterAll(stopServers);
