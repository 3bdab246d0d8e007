import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/server/config/parse.ts";
import type { Env } from "../../../src/server/env.ts";
import { readCredential } from "../../../src/server/session/credential.ts";
import { sessionCookies } from "../../../src/server/session/index.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { checkSession } from "../../worker-kit/check-session.ts";
import { HOST } from "../../worker-kit/http.ts";

const URL = "https://app.example.com/session?key=hush";
const START = Date.UTC(2026, 10, 22, 12);

let lines: string[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Answer = (request: Request) => Response | Promise<Response>;

/** A service whose app gives these answers; `asked` has the requests that reached the app. */
function start(answer: Answer, more: Partial<Env> = {}) {
  const { session: config } = parseConfig({
    SESSION_FORMAT: "introspection",
    SESSION_COOKIE: "connect.sid",
    SESSION_INTROSPECTION_URL: URL,
    ...more,
  } as Env);
  const service = {
    answer,
    asked: [] as { request: Request; init: RequestInit }[],
    now: START,
    async enter(headers: Record<string, string>): Promise<unknown> {
      const request = new Request(HOST, { headers });
      try {
        const credential = readCredential(request, sessionCookies(config));
        return await checkSession(credential, config, service.now);
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    enterWith: (value: string) => service.enter({ Cookie: `connect.sid=${value}` }),
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init = {}) => {
    const request = new Request(input as string, init as RequestInit);
    service.asked.push({ request, init: init as RequestInit });
    return service.answer(request);
  });
  return service;
}

const ada = () => Response.json({ user: { id: "ada" } });

describe("keeping answers", () => {
  it("[A2.24] asks once in 10 s for a credential that is good, once in 1 s for another", async () => {
    const answers: [Answer, number][] = [
      [ada, 10_000],
      [() => new Response("", { status: 401 }), 1_000],
      [() => Response.json({ user: { id: "ada" }, expiresAt: START - 1 }), 1_000],
    ];
    for (const [answer, keptMs] of answers) {
      const service = start(answer);
      const first = await service.enterWith("a");
      service.now += keptMs - 1;
      expect(await service.enterWith("a")).toEqual(first);
      expect(service.asked).toHaveLength(1);
      service.now += 1;
      await service.enterWith("a");
      await service.enterWith("b");
      expect(service.asked).toHaveLength(3);
    }
  });

  it("[A2.24] a kept session still ends at its expiry", async () => {
    const service = start(() => Response.json({ user: { id: "ada" }, expiresAt: START + 5000 }));
    expect(await service.enterWith("a")).toMatchObject({ user: { id: "ada" } });
    service.now += 5000;
    expect(await service.enterWith("a")).toBe("session_expired");
  });

  it("[A2.24, K14] a session that the app prolonged goes on at once", async () => {
    const service = start(() => Response.json({ user: { id: "ada" }, expiresAt: START + 5000 }));
    await service.enterWith("a");
    service.now += 5000;
    const prolonged = START + 10_000;
    service.answer = () => Response.json({ user: { id: "ada" }, expiresAt: prolonged });
    expect(await service.enterWith("a")).toMatchObject({ expiresAt: prolonged });
  });

  it("[A2.24] an outage is not kept: the next request asks again", async () => {
    const service = start(() => new Response("", { status: 500 }));
    expect(await service.enterWith("a")).toBe("session_unavailable");
    service.answer = ada;
    expect(await service.enterWith("a")).toMatchObject({ user: { id: "ada" } });
  });

  it("[A2.24] keeps 1,000 at most: the oldest go first", async () => {
    const service = start(ada);
    for (let n = 0; n <= 1000; n++) await service.enterWith(`s${n}`);
    service.asked.length = 0;
    await service.enterWith("s1");
    await service.enterWith("s1000");
    expect(service.asked).toHaveLength(0);
    await service.enterWith("s0");
    expect(service.asked).toHaveLength(1);
  });

  it("[A2.24] no number of bad credentials makes it forget a good one", async () => {
    const service = start(ada);
    await service.enterWith("good");
    service.answer = () => new Response("", { status: 401 });
    for (let n = 0; n < 1500; n++) {
      expect(await service.enterWith(`bad${n}`)).toBe("session_invalid");
    }
    service.asked.length = 0;
    expect(await service.enterWith("good")).toMatchObject({ user: { id: "ada" } });
    expect(service.asked).toEqual([]);
  });

  it("[A2.24] asks once for requests that come together, whatever the answer", async () => {
    const answers: Answer[] = [
      ada,
      () => new Response("", { status: 401 }),
      () => new Response("", { status: 500 }),
    ];
    for (const answer of answers) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const service = start(async (request) => {
        await promise;
        return answer(request);
      });
      const together = Promise.all(Array.from({ length: 20 }, () => service.enterWith("a")));
      await eventually(() => expect(service.asked).toHaveLength(1));
      const other = service.enterWith("b");
      await eventually(() => expect(service.asked).toHaveLength(2));
      resolve();
      const outcomes = await together;
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
      await other;
      expect(service.asked).toHaveLength(2);
    }
  });
});
