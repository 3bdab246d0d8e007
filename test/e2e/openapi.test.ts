import { randomBytes } from "node:crypto";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

const KEY = randomBytes(32).toString("base64url");

interface DescribedAnswer {
  content?: { "application/json": { schema: AnySchema } };
}
type Paths = Record<string, Record<string, { responses: Record<string, DescribedAnswer> }>>;

interface Description {
  servers: { url: string }[];
  paths: Paths;
  components: { schemas: Record<string, AnySchema> };
}

let server: Server;
let description: Description;
let session: Record<string, string>;
const backend = { Authorization: `Bearer ${KEY}` };
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

beforeAll(async () => {
  const ticketSecret = randomBytes(32).toString("base64url");
  server = await startServer({ vars: { SERVER_KEY: KEY, TICKET_SECRET: ticketSecret } });
  const response = await fetch(`${server.url}/openapi.json`);
  description = (await response.json()) as Description;
  ajv.addSchema({ $id: "doc:", ...description } as AnySchema);
  session = { Authorization: `Bearer ${await signToken(server.secret, "ada")}` };
});
afterAll(() => server?.stop());

/** The described paths that were asked, each with what it answered. */
const seen = new Set<string>();

/** Sends a request, checks the answer against the document, and returns the body. */
async function ask(
  method: string,
  template: string,
  status: number,
  {
    path = template,
    headers = {},
    body,
  }: { path?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Record<string, unknown>> {
  const answer = await fetch(server.url + path, {
    method: method.toUpperCase(),
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect([answer.status, text], `${method} ${path}`).toEqual([status, text]);
  const described = description.paths[template]?.[method]?.responses[status];
  expect(described, `${method} ${template} does not tell of ${status}`).toBeDefined();
  seen.add(`${method} ${template}`);
  if (!described!.content) {
    if (template !== "/openapi.json") expect(text).toBe("");
    return {};
  }
  const at = [template, method, "responses", status, "content", "application/json", "schema"]
    .map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const validate = ajv.compile({ $ref: `doc:#/paths/${at}` });
  const json: unknown = JSON.parse(text);
  expect(validate(json), `${text}: ${ajv.errorsText(validate.errors)}`).toBe(true);
  return json as Record<string, unknown>;
}

it("[O5] the document is one of OpenAPI 3.1, and tells where the service is", async () => {
  const result = await new Validator().validate(structuredClone(description) as never);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(description.servers).toEqual([{ url: server.url }]);
});

it("[O5] every route answers as the document says, its refusals too", async () => {
  const room = "described";
  const other = { path: `/rooms/${room}` };
  await ask("get", "/healthz", 200);
  await ask("get", "/openapi.json", 200);

  // A member with everything that a member may have.
  const bob = await RawClient.join(
    server,
    room,
    await signToken(server.secret, "bob", { name: "Bob", picture: "https://x.example/b.png" }),
  );
  await bob.request({ type: "update", status: "busy", data: { at: "desk" } });
  const cleo = await RawClient.join(server, room, await signToken(server.secret, "cleo"));
  await cleo.leave();

  const state = await ask("get", "/rooms/{room}", 200, { ...other, headers: session });
  expect(state.members).toHaveLength(2);
  const since = `${state.epoch}.1`;
  const delta = await ask("get", "/rooms/{room}", 200, {
    path: `/rooms/${room}?since=${since}`,
    headers: backend,
  });
  expect(delta.type).toBe("delta");
  const counts = await ask("get", "/rooms/{room}", 200, {
    path: `/rooms/${room}?fields=counts`,
    headers: session,
  });
  expect(counts).not.toHaveProperty("members");
  await ask("get", "/rooms/{room}", 304, {
    ...other,
    headers: { ...session, "If-None-Match": `"${state.epoch}.${state.version}"` },
  });
  await ask("get", "/rooms/{room}", 401, other);
  await ask("get", "/rooms/{room}", 400, { path: "/rooms/%20", headers: session });
  const narrow = await signToken(server.secret, "ada", { rooms: ["elsewhere"] });
  await ask("get", "/rooms/{room}", 403, {
    ...other,
    headers: { Authorization: `Bearer ${narrow}` },
  });

  const me = { path: `/rooms/${room}/me`, headers: session };
  const { lease } = await ask("put", "/rooms/{room}/me", 200, { ...me, body: { status: "away" } });
  await ask("put", "/rooms/{room}/me", 200, { ...me, body: { lease, since } });
  await ask("put", "/rooms/{room}/me", 400, { ...me, body: { status: "asleep" } });
  await ask("put", "/rooms/{room}/me", 413, { ...me, body: { data: "x".repeat(20_000) } });
  await ask("put", "/rooms/{room}/me", 401, { path: me.path, body: {} });
  const leave = { path: `/rooms/${room}/me/leave` };
  await ask("post", "/rooms/{room}/me/leave", 204, { ...leave, body: { lease } });
  await ask("post", "/rooms/{room}/me/leave", 400, { ...leave, body: {} });

  await ask("post", "/tickets", 201, { headers: session, body: { room } });
  await ask("post", "/tickets", 400, { headers: session, body: {} });
  await ask("post", "/tickets", 401, { body: { room } });

  // The counts of the list may be 5 s old.
  await eventually(
    () => ask("get", "/rooms", 200, { headers: backend }),
    ({ rooms }) => JSON.stringify(rooms) === JSON.stringify([{ room, online: 1, connections: 1 }]),
  );
  await ask("get", "/rooms", 400, { path: "/rooms?limit=many", headers: backend });
  await ask("get", "/rooms", 401);
  const stats = { path: `/rooms/${room}/stats` };
  await ask("get", "/rooms/{room}/stats", 200, { ...stats, headers: backend });
  await ask("get", "/rooms/{room}/stats", 401, { ...stats, headers: session });
  await ask("get", "/rooms/{room}/stats", 400, { path: "/rooms/%20/stats", headers: backend });

  const events = { path: `/rooms/${room}/events`, headers: backend };
  const told = { name: "bell", data: { by: "ada" }, to: { users: ["bob"] } };
  await ask("post", "/rooms/{room}/events", 200, { ...events, body: told });
  await ask("post", "/rooms/{room}/events", 400, { ...events, body: { name: "" } });
  await ask("post", "/rooms/{room}/events", 401, { path: events.path, body: told });
  const long = { name: "bell", data: "x".repeat(5_000) };
  await ask("post", "/rooms/{room}/events", 413, { ...events, body: long });
  const bobs = { path: "/users/bob", headers: backend };
  await ask("get", "/users/{user}", 200, bobs);
  await ask("get", "/users/{user}", 401, { path: bobs.path });
  await ask("get", "/users/{user}", 400, { path: `/users/${"x".repeat(129)}`, headers: backend });
  const both = { headers: backend, body: { users: ["bob", "nobody"] } };
  await ask("post", "/users/presence", 200, both);
  await ask("post", "/users/presence", 400, { headers: backend, body: { users: "bob" } });
  const revocations = { path: "/users/cleo/revocations", headers: backend };
  await ask("post", "/users/{user}/revocations", 200, { ...revocations, body: {} });
  await ask("post", "/users/{user}/revocations", 400, { ...revocations, body: { session: 7 } });
  await ask("delete", "/users/{user}/revocations", 200, revocations);
  const mail = { path: "/users/bob/events", headers: backend };
  await ask("post", "/users/{user}/events", 200, { ...mail, body: { name: "mail", data: 1 } });
  await ask("post", "/users/{user}/events", 400, { ...mail, body: { name: "mail" } });
  await ask("delete", "/users/{user}", 200, { path: "/users/cleo", headers: backend });
  await ask("delete", "/users/{user}", 400, { path: "/users/cleo?room=x", headers: backend });
  const kicked = { path: `/rooms/${room}/members/bob`, headers: backend };
  await ask("delete", "/rooms/{room}/members/{user}", 200, kicked);
  await ask("delete", "/rooms/{room}/members/{user}", 401, { path: kicked.path });

  const described = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect([...seen].toSorted()).toEqual(described.toSorted());
  await bob.untilClosed();
});

it("[O5] what the document says of a request is what the service takes", async () => {
  const body = (
    description.paths["/rooms/{room}/me"]!["put"] as unknown as {
      requestBody: { content: { "application/json": { schema: AnySchema } } };
    }
  ).requestBody.content["application/json"].schema;
  const validate = ajv.compile(body);
  for (const [asked, status] of [
    [{}, 200],
    [{ lease: null, status: null, data: null, idle: true }, 200],
    [{ status: "busy", data: { a: 1 } }, 200],
    [{ status: "asleep" }, 400],
    [{ idle: "yes" }, 400],
    [{ data: [] }, 400],
    [{ lease: "x".repeat(65) }, 400],
    [[], 400],
  ] as const) {
    expect(validate(asked), JSON.stringify(asked)).toBe(status === 200);
    const answer = await fetch(`${server.url}/rooms/asked/me`, {
      method: "PUT",
      headers: session,
      body: JSON.stringify(asked),
    });
    await answer.text();
    expect(answer.status, JSON.stringify(asked)).toBe(status);
  }
});
