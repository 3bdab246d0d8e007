import { describe, expect, it } from "vitest";
import { afterClose } from "../../src/protocol/close-codes.ts";

describe("close codes", () => {
  it.each([
    [1000, { then: "stay-away" }],
    [1001, { then: "reconnect", atLeastMs: 0, backoff: true }],
    [1006, { then: "reconnect", atLeastMs: 0, backoff: true }],
    [1011, { then: "reconnect", atLeastMs: 0, backoff: true }],
    [1012, { then: "reconnect", atLeastMs: 0, backoff: true }],
    [4400, { then: "stay-away" }],
    [4401, { then: "ask-for-credential" }],
    [4403, { then: "stay-away" }],
    [4408, { then: "reconnect", atLeastMs: 0, backoff: false }],
    [4429, { then: "reconnect", atLeastMs: 30_000, backoff: true }],
  ])("after %d a client does what the table says", (code, next) => {
    expect(afterClose(code)).toEqual(next);
  });
});
