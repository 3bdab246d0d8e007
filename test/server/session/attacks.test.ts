import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askConfigured, HOST, refusal } from "../../worker-kit/http.ts";
import type { Subject } from "./attacks/attack.ts";
import { makeSubjects } from "./attacks/index.ts";

type Way = keyof Subject["token"];

/** How a token is brought; each way in is a column of the table. */
const WAYS: Record<Way, (cookie: string, token: string) => Record<string, string>> = {
  cookie: (cookie, token) => ({ Cookie: `${cookie}=${token}`, Origin: HOST }),
  bearer: (_cookie, token) => ({ Authorization: `Bearer ${token}` }),
};

const subjects = await makeSubjects();

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rooms = 0;

/** The answers to reading a room and to joining it. */
async function enter(subject: Subject, headers: Record<string, string>, config = subject.env) {
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => subject.fetch(input, init));
  const path = `/rooms/attacked-${++rooms}`;
  const read = await askConfigured(config, path, headers);
  const joined = await askConfigured(config, path, { ...headers, Upgrade: "websocket" });
  return [read, joined];
}

describe.each(subjects)("attacks on $name", (subject) => {
  describe.each(Object.keys(WAYS) as Way[])("by %s", (way) => {
    const { token, attacks } = subject;

    it("[A2] what is good is admitted", async () => {
      vi.setSystemTime(subject.now);
      const [read, joined] = await enter(subject, WAYS[way](subject.cookie, token[way]));
      joined?.webSocket?.accept();
      expect([read?.status, joined?.status]).toEqual([200, 101]);
    });

    it.each(attacks)("[A2, A5] $name: $code, and no room is touched", async (attack) => {
      vi.setSystemTime(attack.now ?? subject.now);
      const before = (await listDurableObjectIds(env.ROOMS)).length;
      const forged = attack.token(token[way], way);
      for (const value of Array.isArray(forged) ? forged : [forged]) {
        const config = { ...subject.env, ...attack.env };
        const headers = WAYS[way](config.SESSION_COOKIE ?? subject.cookie, value);
        for (const answer of await enter(subject, headers, config)) {
          const status = attack.code === "session_unavailable" ? 503 : 401;
          expect(await refusal(answer), value.slice(0, 60)).toEqual([status, attack.code]);
        }
      }
      expect((await listDurableObjectIds(env.ROOMS)).length).toBe(before);
    });
  });
});
