import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import type { Env } from "../../src/server/env.ts";
import type { Admission } from "../../src/server/session/room-session.ts";
import type { SessionMark } from "../../src/server/user/revocation.ts";
import { ask } from "./http.ts";

/** Sends a request of the app's backend; a body is sent as JSON, a string as it is. */
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

/** Revokes a session of a user, or all; returns how many connections this closed. */
export async function revoke(user: string, session?: string): Promise<number> {
  const answer = await askBackend("POST", `${userPath(user)}/revocations`, { session });
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return (await answer.json<{ closed: number }>()).closed;
}

/** The answer of `GET /users/:user`. */
export interface UserAnswer {
  user: string;
  status: string | null;
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

/** Lets a session be admitted to a room, like the Worker. */
export async function admit(
  user: string,
  mark: SessionMark,
  room: string,
  above?: number,
): Promise<Admission | null> {
  const admission = await userStub(user).admit(mark, room, above);
  if (admission === "too_many_rooms") throw new Error(admission);
  return admission && { stamp: admission.stamp, at: admission.at };
}

/** Runs a query on what a user's object stores: its tables, and its list as a table `rooms`. */
export function queryUser(user: string, sql: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(userStub(user), (_user, { storage }) => {
    type Entry = { stamp: number; lastOnline: number | null };
    const rooms = [...storage.kv.list<Entry>({ prefix: "room:" })].map(
      ([key, { stamp, lastOnline }]) => [key.slice("room:".length), stamp, lastOnline],
    );
    const list =
      "SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) ORDER BY value ->> 0";
    const query = `WITH rooms(room, stamp, last_online) AS (${list}) ${sql}`;
    return [...storage.sql.exec(query, JSON.stringify(rooms))];
  });
}

/**
 * Has rooms not answer a user's object any more, until it starts again or {@link mendRooms}. Answers
 * what the other rooms are asked from then on, like `revoke lobby`.
 */
export async function breakRooms(
  user: string,
  rooms: readonly string[],
  how: "hang" | "fail",
): Promise<string[]> {
  const asked: string[] = [];
  const silence = () =>
    how === "hang" ? new Promise(() => {}) : Promise.reject(new Error("broken"));
  const broken = new Proxy({}, { get: () => silence });
  type Stub = Record<string, (...args: unknown[]) => unknown>;
  await runInDurableObject(userStub(user), (object) => {
    const before = (object as unknown as { env: Env }).env.ROOMS;
    const getByName = (room: string) => {
      if (rooms.includes(room)) return broken;
      const stub = before.getByName(room) as unknown as Stub;
      const get = (_stub: object, method: string) => {
        asked.push(`${method} ${room}`);
        return (...args: unknown[]) => stub[method]!(...args);
      };
      return new Proxy({}, { get });
    };
    Object.assign(object, { env: { ...env, ROOMS: { getByName } } });
  });
  return asked;
}

/** Lets all rooms answer a user's object again. */
export async function mendRooms(user: string): Promise<void> {
  await runInDurableObject(userStub(user), (object) => void Object.assign(object, { env }));
}
