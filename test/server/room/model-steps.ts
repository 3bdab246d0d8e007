import fc from "fast-check";
import type { Status } from "../../../src/protocol/messages.ts";

export const USERS = ["ada", "bob", "Cleo", "déa", "eve"];
const STATUSES: (Status | null)[] = ["online", "away", "busy", "offline", null];

export type Step =
  | { do: "join"; user: number; resume: boolean; hasNewName: boolean }
  | { do: "leave" | "lose" | "stale"; which: number }
  | { do: "idle"; which: number; idle: boolean }
  | { do: "update"; which: number; status?: Status | null; data?: { n: number } | null }
  | { do: "lease"; user: number }
  | { do: "renew" | "release"; which: number }
  | { do: "pass"; ms: number }
  | { do: "restart" };

const which = fc.nat(20);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      user: fc.nat(USERS.length - 1),
      resume: fc.boolean(),
      hasNewName: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("leave" as const, "lose" as const, "stale" as const),
      which,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("lease" as const), user: fc.nat(USERS.length - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("renew" as const, "renew" as const, "release" as const),
      which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("idle" as const), which, idle: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        do: fc.constant("update" as const),
        which,
        status: fc.constantFrom(...STATUSES),
        data: fc.option(fc.record({ n: fc.nat(2) })),
      },
      { requiredKeys: ["do", "which"] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 4, 9, 40, 45, 500, 7_999, 8_000, 30_000, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);
