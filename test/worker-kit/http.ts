import { env, exports } from "cloudflare:workers";
import type { Snapshot } from "../../src/protocol/messages.ts";
import { signIn } from "./sign-in.ts";
import { createApp } from "../../src/server/app.ts";
import type { Env } from "../../src/server/env.ts";

export const HOST = "https://presence.example.com";

let callers = 0;

/** A request from a separate address, since connects are limited by address. */
export function requestTo(path: string, init?: RequestInit): Request {
  const headers = new Headers(init?.headers);
  const number = ++callers;
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  if (!headers.has("CF-Connecting-IP")) headers.set("CF-Connecting-IP", address);
  return new Request(`${HOST}${path}`, { ...init, headers });
}

/** Sends the Worker an HTTP request. */
export function ask(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(requestTo(path, init));
}

/** Sends a request to a Worker with another configuration and the same rooms. */
export async function askConfigured(
  config: Partial<Env>,
  path: string,
  headers: Record<string, string>,
  init: RequestInit = {},
): Promise<Response> {
  return createApp().request(requestTo(path, { ...init, headers }), {}, { ...env, ...config });
}

/** Sends a request with a user's session, like their app's server. */
export async function askAs(
  user: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return ask(path, { headers: { Authorization: `Bearer ${await signIn(user)}`, ...headers } });
}

/** Reads a room as `reader`, who is not in it. */
export async function readRoom(room: string): Promise<Snapshot> {
  const response = await askAs("reader", `/rooms/${room}`);
  return response.json();
}

/** The status and the code of a refusal; fails if the body is not one. */
export async function refusal(response: Response): Promise<[number, string]> {
  const { error } = await response.json<{
    error: { code: string; message: string; requestId: string };
  }>();
  if (!error.message || !error.requestId) throw new Error("a refusal lacks its message or id");
  return [response.status, error.code];
}
