import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { ask } from "../worker-kit/http.ts";

interface Description {
  servers: { url: string }[];
  paths: Record<string, object>;
}

/** Of these the one value is described that the route takes. */
const LITERAL: Record<string, string> = { "post /users/{user}": "post /users/presence" };

it("[O5] every route of the app is described, and no other", async () => {
  const { paths } = await (await ask("/openapi.json")).json<Description>();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const routes = createApp()
    .routes.filter(({ method, path }) => /^(GET|POST|PUT|DELETE)$/.test(method) && path !== "/*")
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
    .map((route) => LITERAL[route] ?? route);
  expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
});

it("[O5] in an app of one's own the document tells where it is mounted", async () => {
  const { Hono } = await import("hono");
  const app = new Hono().route("/presence", createApp());
  const answer = await app.request("https://app.example.com/presence/openapi.json", {}, env);
  const { servers } = await answer.json<Description>();
  expect(servers).toEqual([{ url: "https://app.example.com/presence" }]);
});

it("[O5] all that a room's URL reads of its query is described", async () => {
  const { paths } = await (await ask("/openapi.json")).json<Description>();
  const { get } = paths["/rooms/{room}"] as {
    get: { parameters: { in: string; name: string }[] };
  };
  const query = get.parameters.filter((parameter) => parameter.in === "query");
  const names = query.map(({ name }) => name).toSorted();
  expect(names).toEqual([
    "after",
    "auth",
    "fields",
    "idle",
    "limit",
    "present",
    "since",
    "ticket",
    "view",
    "watch",
  ]);
});
