import { env } from "cloudflare:workers";
import { CompactSign } from "jose";
import { createApp } from "../../../src/server/app.ts";
import type { Env } from "../../../src/server/env.ts";
import type { Session } from "../../../src/server/session/session.ts";
import { HOST, requestTo } from "../../worker-kit/http.ts";
import type { Welcome } from "../../../src/protocol/messages.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { toWildJson, type TimeUnit, type WildSession } from "../../worker-kit/wild-session.ts";

/** The outcome of an attempt to enter. */
export type Entered =
  | { kind: "in"; id: string; expiresAt: string; leave(): Promise<void> }
  | { kind: "refused"; code: string };

/** A way to enter: it presents a session in the form of some source. */
export interface Door {
  unit: TimeUnit;
  enter(room: string, session: WildSession): Promise<Entered>;
}

// There is no rate limit here: that is tested elsewhere.
const { CONNECTS: _, READS: __, ...unlimited } = env;
/** The answers of the app's own `verify` and its introspection, by token. */
const told = new Map<string, unknown>();
const custom = createApp({ verify: (token) => told.get(token) as Session });
// The rooms use the rules of the last app.
const app = createApp();
const formats: Record<"jwt" | "kv" | "introspection", Env> = {
  jwt: unlimited,
  kv: { ...unlimited, SESSION_FORMAT: "kv" },
  introspection: {
    ...unlimited,
    SESSION_FORMAT: "introspection",
    SESSION_INTROSPECTION_URL: "https://app.example.com/session",
  },
};

/**
 * What the app behind the introspection URL answers: the JSON of the session that it is asked
 * about.
 */
export async function answerIntrospection(_input: unknown, init?: RequestInit): Promise<Response> {
  const [, token = ""] =
    /^session=(.*)$/.exec(new Headers(init?.headers).get("Cookie") ?? "") ?? [];
  return new Response(toWildJson(told.get(token)));
}

const upgrade = { Upgrade: "websocket" };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

type Ask = (path: string, init: RequestInit) => Promise<Response>;
const asking =
  (through: typeof app, env: Env): Ask =>
  async (path, init) =>
    through.request(requestTo(path, init), {}, env);
const ask = asking(app, formats.jwt);

async function refusedBy(answer: Response): Promise<Entered> {
  const { error } = await answer.json<{ error: { code: string } }>();
  return { kind: "refused", code: error.code };
}

/** Waits for the welcome of a socket, or for what comes instead. */
async function welcomed(peer: Peer): Promise<Entered> {
  let isOpen = true;
  const closed = peer.closed.then(({ reason }) => {
    isOpen = false;
    return { kind: "refused", code: reason } as const;
  });
  const welcome = peer.untilType("welcome").then((frame): Entered => ({
    kind: "in",
    id: (frame as Welcome).self.id,
    expiresAt: (frame as Welcome).expiresAt,
    leave: async () => {
      // Its session may have ended meanwhile.
      if (isOpen) peer.send({ type: "leave" });
      await peer.closed;
    },
  }));
  const error = peer.untilType("error").then(({ code }) => ({ kind: "refused", code }) as const);
  const first = await Promise.race([closed, welcome, error]);
  for (const late of [closed, welcome, error]) late.catch(() => {});
  return first;
}

async function joinBy(ask: Ask, path: string, headers: Record<string, string>): Promise<Entered> {
  const answer = await ask(path, { headers: { ...upgrade, ...headers } });
  return answer.webSocket ? welcomed(new Peer(answer.webSocket)) : refusedBy(answer);
}

async function joinInBand(ask: Ask, room: string, token: string): Promise<Entered> {
  const answer = await ask(`/rooms/${room}?auth=message`, { headers: upgrade });
  const peer = new Peer(answer.webSocket!);
  peer.send({ type: "auth", token });
  return welcomed(peer);
}

async function sign(payload: object, secret: string, typ = "JWT"): Promise<string> {
  return new CompactSign(new TextEncoder().encode(toWildJson(payload)))
    .setProtectedHeader({ alg: "HS256", typ })
    .sign(new TextEncoder().encode(secret));
}

function tokenOf({ user, id, issuedAt, expiresAt, ...more }: WildSession): Promise<string> {
  const { id: sub, name, image: picture } = Object(user ?? {}) as Record<string, unknown>;
  const claims = { sub, name, picture, sid: id, iat: issuedAt, exp: expiresAt, ...more };
  return sign(claims, env.SESSION_SECRET!);
}

/** Signs as a room of an earlier version would have, whatever was in its session. */
const own = (kind: "ticket" | "session", session: WildSession, room: string) =>
  sign(
    { session, room, jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + 60 },
    env.TICKET_SECRET!,
    `rollcall-${kind}+jwt`,
  );

const note = (session: unknown): string => {
  const token = crypto.randomUUID();
  told.set(token, session);
  return token;
};

async function takeTicket(room: string, token: string): Promise<Entered> {
  const body = JSON.stringify({ room });
  const answer = await ask("/tickets", { method: "POST", headers: bearer(token), body });
  if (answer.status !== 201) return refusedBy(answer);
  const { ticket } = await answer.json<{ ticket: string }>();
  return joinBy(ask, `/rooms/${room}?ticket=${ticket}`, {});
}

async function takeLease(room: string, token: string): Promise<Entered> {
  const path = `/rooms/${room}/me`;
  const answer = await ask(path, { method: "PUT", headers: bearer(token), body: "{}" });
  if (answer.status !== 200) return refusedBy(answer);
  const { self, lease, expiresAt } = await answer.json<{
    self: { id: string };
    lease: string;
    expiresAt: string;
  }>();
  const leave = async () => {
    const body = JSON.stringify({ lease });
    await ask(`${path}/leave`, { method: "POST", headers: bearer(token), body });
  };
  return { kind: "in", id: self.id, expiresAt, leave };
}

/** Signs in on a socket that somebody else has joined with. */
async function takeOver(room: string, token: string): Promise<Entered> {
  const host = await signIn(`host-${crypto.randomUUID()}`);
  const answer = await ask(`/rooms/${room}`, { headers: { ...upgrade, ...bearer(host) } });
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("snapshot");
  peer.frames.length = 0;
  peer.send({ type: "auth", token });
  const entered = await welcomed(peer);
  if (entered.kind === "refused") peer.send({ type: "leave" });
  return entered;
}

/** Every way that a session comes in. */
export const DOORS: Record<string, Door> = {
  cookie: {
    unit: "seconds",
    enter: async (room, session) =>
      joinBy(ask, `/rooms/${room}`, { Cookie: `session=${await tokenOf(session)}`, Origin: HOST }),
  },
  bearer: {
    unit: "seconds",
    enter: async (room, session) => joinBy(ask, `/rooms/${room}`, bearer(await tokenOf(session))),
  },
  ticket: {
    unit: "seconds",
    enter: async (room, session) => takeTicket(room, await tokenOf(session)),
  },
  "in band": {
    unit: "seconds",
    enter: async (room, session) => joinInBand(ask, room, await tokenOf(session)),
  },
  lease: {
    unit: "seconds",
    enter: async (room, session) => takeLease(room, await tokenOf(session)),
  },
  "auth on a live socket": {
    unit: "seconds",
    enter: async (room, session) => takeOver(room, await tokenOf(session)),
  },
  "a ticket of an earlier version": {
    unit: "milliseconds",
    enter: async (room, session) =>
      joinBy(ask, `/rooms/${room}?ticket=${await own("ticket", session, room)}`, {}),
  },
  "a renewed session of an earlier version": {
    unit: "milliseconds",
    enter: async (room, session) =>
      joinBy(ask, `/rooms/${room}`, bearer(await own("session", session, room))),
  },
  verify: {
    unit: "milliseconds",
    enter: (room, session) =>
      joinBy(asking(custom, formats.jwt), `/rooms/${room}`, bearer(note(session))),
  },
  "verify, in band": {
    unit: "milliseconds",
    enter: (room, session) => joinInBand(asking(custom, formats.jwt), room, note(session)),
  },
  introspection: {
    unit: "milliseconds",
    enter: (room, session) =>
      joinBy(asking(app, formats.introspection), `/rooms/${room}`, bearer(note(session))),
  },
  kv: {
    unit: "milliseconds",
    enter: async (room, session) => {
      const key = crypto.randomUUID();
      await env.SESSIONS!.put(`session:${key}`, toWildJson(session));
      return joinBy(asking(app, formats.kv), `/rooms/${room}`, bearer(key));
    },
  },
};
