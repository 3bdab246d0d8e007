import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
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

/** Revokes a session of a user's, or all; answers how many connections that closed. */
export async function revoke(user: string, session?: string): Promise<number> {
  const answer = await askBackend("POST", `${userPath(user)}/revocations`, { session });
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return (await answer.json<{ closed: number }>()).closed;
}

/** What `GET /users/:user` answers. */
export interface UserAnswer {
  user: string;
  status: string;
  connections: number;
  lastOnline: string | null;
  rooms: { room: string; status: string; connections: number; lastOnline: string | null }[];
}

/** Asks where a user is. */
export async function whereIs(user: string): Promise<UserAnswer> {
  const answer = await askBackend("GET", userPath(user));
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

export const userStub = (user: string) => env.USERS!.getByName(user);

/** Runs a query on the tables of a user's object. */
export function queryUser(user: string, sql: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(userStub(user), (_user, state) => [...state.storage.sql.exec(sql)]);
}
