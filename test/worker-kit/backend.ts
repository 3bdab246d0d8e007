import { env } from "cloudflare:workers";
import { ask } from "./http.ts";

/** Asks as the app's backend does; a body is sent as JSON, a text as it is. */
export function askBackend(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const [key] = env.SERVER_KEY!.split(",");
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask(path, {
    method,
    headers: { Authorization: `Bearer ${key}`, ...headers },
    ...(body !== undefined && { body: text }),
  });
}

/** The path of a user, whatever their id holds. */
export const userPath = (user: string) => `/users/${encodeURIComponent(user)}`;
