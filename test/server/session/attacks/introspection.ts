import { alter, invalid, MALFORMED, expired, DAY_MS, type Attack, type Subject } from "./attack.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const INTROSPECTION_URL = "https://app.example.com/session";

export function makeIntrospectionSubject(): Subject {
  const expiresAt = new Date(NOW + DAY_MS).toISOString();
  const answers: Record<string, () => Response> = {
    good: () => Response.json({ user: { id: "ada" }, expiresAt }),
    shapeless: () => Response.json({ user: "ada" }),
    mistyped: () => new Response("", { status: 404 }),
    failing: () => new Response("", { status: 500 }),
    blocked: () => new Response("", { status: 403 }),
  };
  const fromApp: typeof fetch = async (_url, init) => {
    const [, value = ""] = /^sid=(.*)$/.exec(new Headers(init?.headers).get("Cookie") ?? "") ?? [];
    const answer = Object.hasOwn(answers, value) ? answers[value] : undefined;
    return answer?.() ?? new Response("", { status: 401 });
  };
  return {
    name: "introspection",
    env: {
      SESSION_FORMAT: "introspection",
      SESSION_COOKIE: "sid",
      SESSION_INTROSPECTION_URL: INTROSPECTION_URL,
    },
    now: NOW,
    cookie: "sid",
    token: { cookie: "good", bearer: "good" },
    fetch: fromApp,
    attacks: [
      ...MALFORMED.filter(({ name }) => name !== "truncated"),
      { name: "altered", token: alter, code: invalid },
      { name: "that the app keeps out", token: () => "blocked", code: invalid },
      { name: "a second cookie smuggled in", token: (good) => `bad,${good}`, code: invalid },
      expired(NOW),
      { name: "an answer of the wrong shape", token: () => "shapeless", code: invalid },
      ...["mistyped", "failing"].map((answer): Attack => ({
        name: `an app whose answer is ${answer}`,
        token: () => answer,
        code: "session_unavailable",
      })),
    ],
  };
}
