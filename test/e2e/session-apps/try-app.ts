import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Member, ServerFrame } from "../../../src/protocol/messages.ts";
import { startServer, type Server } from "../server.ts";
import { type App, NAME } from "./app.ts";
import { Jar } from "./jar.ts";

const SERVER_KEY = "k".repeat(32);
/** As the pages promise: an answer of the app's is kept for 10 s, a cookie cache here for 5 s. */
const REFUSED_WITHIN_S = 15;
/** B3.1 of SPEC.md. */
const CLOSED_WITHIN_MS = 1_000;

/** The outcome of one app. */
export interface Outcome {
  framework: string;
  version: string;
  cookies: string;
  format: string;
  name: string;
  picture: string;
  /** Seconds; `null` if it was not refused in time. */
  signedOutAfter: number | null;
  /** Seconds; `undefined` if the format cannot know. */
  copyRefusedAfter: number | null | undefined;
  endedBy: "revocation" | "kick";
  /** Milliseconds; `null` if it stayed open. */
  closedAfter: number | null;
}

/** Joins the room with cookies; returns the user, or the status of the refusal. */
async function join(server: Server, cookies: string) {
  const headers = { Cookie: cookies, Origin: server.url };
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/rooms/lobby`, { headers });
  const { promise, resolve } = Promise.withResolvers<{ self?: Member; refused?: number }>();
  socket.on("unexpected-response", (_request, answer) => {
    resolve({ refused: answer.statusCode ?? 0 });
    answer.resume();
  });
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type === "snapshot" && "members" in frame) resolve({ self: frame.members[0]! });
  });
  socket.on("error", () => resolve({ refused: 0 }));
  return { socket, ...(await promise) };
}

/** Waits until cookies are refused; returns how many seconds after a time, or `null` for never. */
async function refusedAfter(server: Server, cookies: string, started: number) {
  while (Date.now() - started < REFUSED_WITHIN_S * 1000) {
    const { socket, refused } = await join(server, cookies);
    socket.terminate();
    if (refused === 401) return Math.round((Date.now() - started) / 1000);
    await sleep(500);
  }
  return null;
}

/** Ends a user's connection as the pages say, by the session's id where it has one. */
async function endConnection(server: Server, socket: WebSocket, user: string, session?: string) {
  const headers = {
    Authorization: `Bearer ${SERVER_KEY}`,
    "Content-Type": "application/json",
  };
  const started = Date.now();
  const answer =
    session === undefined
      ? await fetch(`${server.url}/rooms/lobby/members/${user}`, { method: "DELETE", headers })
      : await fetch(`${server.url}/users/${user}/revocations`, {
          method: "POST",
          headers,
          body: JSON.stringify({ session }),
        });
  if (!answer.ok) throw new Error(`The connection was not ended: ${answer.status}`);
  // Its `close` event waits for the connection's end, for 30 s.
  while (socket.readyState === WebSocket.OPEN && Date.now() - started < 10 * CLOSED_WITHIN_MS) {
    await sleep(10);
  }
  return socket.readyState === WebSocket.OPEN ? null : Date.now() - started;
}

/** Signs in at an app, joins, signs out, and records the outcome. */
export async function tryApp(app: App): Promise<Outcome> {
  const { url, stop } = await app.start();
  const vars = app.vars(url);
  const server = await startServer({ vars: { ...vars, SERVER_KEY } });
  try {
    const jar = new Jar();
    await app.signIn(jar, url);
    const copy = jar.header;
    const id = await app.sessionId?.(jar, url);
    const names = jar.names.filter((name) => !app.otherCookies?.includes(name));
    const { socket, self, refused } = await join(server, copy);
    if (!self) throw new Error(`${app.framework}: refused with ${refused}: ${server.logs.at(-1)}`);
    await app.signOut(jar, url);
    const at = Date.now();
    const [signedOutAfter, copyRefusedAfter] = await Promise.all([
      refusedAfter(server, jar.header, at),
      app.endsCopies ? refusedAfter(server, copy, at) : undefined,
    ]);
    return {
      framework: app.framework,
      version: app.version,
      cookies: names.map((name) => (/^\w{40}$/.test(name) ? "the session's id" : name)).join(", "),
      format: vars["SESSION_FORMAT"]!,
      name: self.name,
      picture: self.image ?? "",
      signedOutAfter,
      copyRefusedAfter,
      endedBy: id === undefined ? "kick" : "revocation",
      closedAfter: await endConnection(server, socket, self.id, id),
    };
  } finally {
    await server.stop();
    stop();
  }
}

/** Whether an app's outcome is what the pages promise. */
export function isGood(outcome: Outcome): boolean {
  return (
    outcome.name === NAME &&
    outcome.picture !== "" &&
    outcome.signedOutAfter !== null &&
    outcome.copyRefusedAfter !== null &&
    outcome.closedAfter !== null &&
    outcome.closedAfter <= CLOSED_WITHIN_MS
  );
}
