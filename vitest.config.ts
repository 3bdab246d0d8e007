import { randomBytes } from "node:crypto";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        // In workerd, against the real Worker: its `main` and bindings are production's.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              kvNamespaces: ["SESSIONS"],
              bindings: {
                SESSION_SECRET: randomBytes(32).toString("base64url"),
                ALLOWED_ORIGINS: "https://app.example.com",
                // Small enough to fill one.
                MAX_CONNECTIONS_PER_ROOM: "40",
              },
            },
          }),
        ],
        test: { name: "worker", include: ["test/{server,protocol,client}/**/*.test.ts"] },
      },
      {
        test: {
          name: "node",
          include: ["test/{e2e,browser}/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
