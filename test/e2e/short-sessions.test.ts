import { afterAll, expect, it } from "vitest";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

/** Less than the notice of a session's end, so that a renewed one is within it from the start. */
const SESSION_SECONDS = 20;
let server: Server;

afterAll(() => server?.stop());

it("[T5.1] a session that lasts for less than its notice is renewed after half of it, not over and over", async () => {
  const vars = {
    RENEW: "server",
    SESSION_SECONDS: String(SESSION_SECONDS),
    TICKET_SECRET: "t".repeat(32),
  };
  server = await startServer({ vars });
  const exp = Math.floor(Date.now() / 1000) + 59;
  const client = await RawClient.join(
    server,
    "short",
    await signToken(server.secret, "ada", { exp }),
  );
  const ends = () =>
    client.frames.flatMap((frame) =>
      frame.type === "renewed" ? [Date.parse(frame.expiresAt)] : [],
    );
  await eventually(ends, ({ length }) => length >= 2);
  const [first, second] = ends() as [number, number];
  expect(second - first).toBeGreaterThanOrEqual(SESSION_SECONDS * 500);
  expect(client.closed).toBeNull();
});
