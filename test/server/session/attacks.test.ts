import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_LONG_FRAME_BYTES } from "../../../src/protocol/client-frame.ts";
import type { ServerFrame } from "../../../src/protocol/messages.ts";
import { createApp } from "../../../src/server/app.ts";
import { closeCodeOf, type ErrorCode } from "../../../src/server/errors.ts";
import { HOST, refusal, requestTo } from "../../worker-kit/http.ts";
import type { Attack, Subject } from "./attacks/attack.ts";
import { makeSubjects } from "./attacks/index.ts";

type Ask = (path: string, headers: Record<string, string>, method?: string) => Promise<Response>;
/** `admitted`, or the code of the refusal. */
type Outcome = "admitted" | ErrorCode;

/** A way to enter: each is a column of the table. */
interface Way {
  /** Whether the token is the one in a cookie, or the one for everything else. */
  form: keyof Subject["token"];
  /** Tries to enter in every variant of this way; returns the outcome of each. */
  enter(ask: Ask, room: string, token: string, cookie: string): Promise<Outcome[]>;
  /** The outcome of a token that cannot be sent at all. */
  tooLong?(token: string): boolean;
}

async function outcomeOf(answer: Response): Promise<Outcome> {
  answer.webSocket?.accept();
  if (answer.status < 300) return "admitted";
  const [status, code] = await refusal(answer);
  expect(status, code).toBe(code === "session_unavailable" ? 503 : 401);
  return code as ErrorCode;
}

/** Reads the room, and joins it. */
async function readAndJoin(ask: Ask, room: string, headers: Record<string, string>) {
  const path = `/rooms/${room}`;
  const read = await ask(path, headers);
  const joined = await ask(path, { ...headers, Upgrade: "websocket" });
  return Promise.all([read, joined].map(outcomeOf));
}

/** Signs in over a socket: the first frame after the request to, or the close. */
async function signInBy(socket: WebSocket, token: string): Promise<Outcome> {
  socket.accept();
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      const { type } = JSON.parse(data as string) as ServerFrame;
      if (type === "authenticate") socket.send(JSON.stringify({ type: "auth", token }));
      else resolve("admitted");
    });
    socket.addEventListener("close", ({ code, reason }) => {
      // Later, when nobody waits any longer, the room is aborted with all others.
      if (code === closeCodeOf(reason as ErrorCode)) resolve(reason as ErrorCode);
      else reject(new Error(`It was closed with ${code}: ${reason}`));
    });
  });
}

const WAYS: Record<string, Way> = {
  cookie: {
    form: "cookie",
    enter: (ask, room, token, cookie) =>
      readAndJoin(ask, room, { Cookie: `${cookie}=${token}`, Origin: HOST }),
  },
  bearer: {
    form: "bearer",
    enter: (ask, room, token) => readAndJoin(ask, room, { Authorization: `Bearer ${token}` }),
  },
  ticket: {
    form: "bearer",
    async enter(ask, _room, token) {
      const headers = { Authorization: `Bearer ${token}` };
      return [await outcomeOf(await ask("/tickets", headers, "POST"))];
    },
  },
  "a message": {
    form: "bearer",
    tooLong: (token) => token.length > MAX_LONG_FRAME_BYTES,
    async enter(ask, room, token) {
      const opened = await ask(`/rooms/${room}?auth=message`, { Upgrade: "websocket" });
      return [await signInBy(opened.webSocket!, token)];
    },
  },
};

const subjects = await makeSubjects();

beforeEach(() => {
  touched = [];
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** One for all, as in production: to make an app's routes takes longer than most answers. */
const app = createApp();
let rooms = 0;
/** The rooms that the Worker turned to. */
let touched: string[] = [];
const ROOMS = {
  getByName(room: string) {
    touched.push(room);
    return env.ROOMS.getByName(room);
  },
} as typeof env.ROOMS;

function enter(subject: Subject, way: Way, token: string, changes: Attack["env"] = {}) {
  let asked = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    asked += 1;
    return subject.fetch(input, init);
  });
  const config = { ...subject.env, IN_BAND_AUTH: "true", ROOMS, ...changes };
  if (config.SESSIONS) {
    const store = config.SESSIONS;
    const get = (key: string) => ((asked += 1), store.get(key));
    config.SESSIONS = { get } as unknown as KVNamespace;
  }
  const room = `attacked-${++rooms}`;
  const ask: Ask = async (path, headers, method = "GET") => {
    asked = 0;
    const body = method === "POST" ? JSON.stringify({ room }) : null;
    const request = requestTo(path, { method, headers, body });
    const answer = await app.request(request, {}, { ...env, ...config });
    expect(asked, "nobody is asked twice for one request").toBeLessThanOrEqual(1);
    return answer;
  };
  return way.enter(ask, room, token, config.SESSION_COOKIE ?? subject.cookie);
}

describe.each(subjects)("attacks on $name", (subject) => {
  describe.each(Object.entries(WAYS))("by %s", (name, way) => {
    const { token, attacks } = subject;
    const good = token[way.form];

    it("[A1.1] what is good is admitted", async () => {
      vi.setSystemTime(subject.now);
      const outcomes = await enter(subject, way, good);
      expect(new Set(outcomes)).toEqual(new Set(["admitted"]));
      expect(touched.length).toBe(name === "ticket" ? 0 : outcomes.length);
    });

    it.each(attacks)("[A2.6, A5.5] $name: $code, and no room is touched", async (attack) => {
      vi.setSystemTime(attack.now ?? subject.now);
      const forged = attack.token(good, way.form);
      for (const value of Array.isArray(forged) ? forged : [forged]) {
        const expected = way.tooLong?.(value) ? "bad_message" : attack.code;
        for (const outcome of await enter(subject, way, value, attack.env)) {
          expect(outcome, value.slice(0, 60)).toBe(expected);
        }
      }
      expect(touched).toEqual([]);
    });
  });
});
