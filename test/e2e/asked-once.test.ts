import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { eventually } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

/** Requests that reached the app and wait for `answer`. */
let waiting: (() => void)[] = [];
let asked = 0;
const app = createServer((request, response) => {
  asked++;
  const [, id = ""] = /session=(\w+)/.exec(request.headers.cookie ?? "") ?? [];
  waiting.push(() => response.end(JSON.stringify({ user: { id } })));
});
const answer = () => waiting.splice(0).forEach((respond) => respond());

let server: Server;
beforeAll(async () => {
  app.listen(0, "localhost");
  await once(app, "listening");
  const { port } = app.address() as AddressInfo;
  server = await startServer({
    vars: {
      SESSION_FORMAT: "introspection",
      SESSION_INTROSPECTION_URL: `http://localhost:${port}/session`,
    },
  });
});
afterAll(async () => {
  await server?.stop();
  app.closeAllConnections();
  app.close();
});
beforeEach(() => {
  asked = 0;
});

const read = (user: string, signal?: AbortSignal) =>
  fetch(`${server.url}/rooms/asked`, {
    headers: { Authorization: `Bearer ${user}` },
    ...(signal && { signal }),
  });

it("[A2.24] the app is asked once for requests of one credential that come together", async () => {
  const together = Promise.all(Array.from({ length: 20 }, () => read("ada")));
  await eventually(
    () => waiting.length,
    (count) => count > 0,
  );
  // Those that come later find the answer.
  answer();
  expect((await together).map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  expect(asked).toBe(1);
});

it("[A2.24] those who wait get the answer where the one that asked goes away", async () => {
  const leaving = new AbortController();
  const first = read("bob", leaving.signal).catch(() => "gone");
  await eventually(
    () => waiting.length,
    (count) => count > 0,
  );
  const others = Promise.all(Array.from({ length: 5 }, () => read("bob")));
  // What has arrived before is taken in first.
  await fetch(`${server.url}/healthz`);
  leaving.abort();
  expect(await first).toBe("gone");
  answer();
  expect((await others).map(({ status }) => status)).toEqual(Array<number>(5).fill(200));
  expect(asked).toBe(1);
});

it("[A2.23] nobody waits for an app that does not answer for much longer than 3 s", async () => {
  const together = await Promise.all(Array.from({ length: 5 }, () => read("cleo")));
  expect(together.map(({ status }) => status)).toEqual(Array<number>(5).fill(503));
  expect(asked).toBe(1);
  answer();
});
