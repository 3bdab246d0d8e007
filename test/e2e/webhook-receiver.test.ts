import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { WebhookEvent } from "../../src/protocol/webhook-message.ts";
import { createReceiver, type ReceiverOptions } from "../../src/webhooks/index.ts";
import { eventually, RawClient, signToken } from "./client-kit.ts";
import { type Server, startServer } from "./server.ts";

const newSecret = () => `whsec_${randomBytes(32).toString("base64")}`;
const SECRET = newSecret();

let service: Server | undefined;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => service?.stop());

const event = (sequence: number, epoch = "e1"): WebhookEvent => ({
  type: "member.updated",
  timestamp: "2026-11-22T09:48:58.184Z",
  data: { room: "lobby", epoch, version: sequence, sequence },
});

/** A message of some sequences, signed like the service's. */
function messageOf(sequences: number[], secret = SECRET, at = new Date()) {
  const body = JSON.stringify({ events: sequences.map((sequence) => event(sequence)) });
  const id = randomBytes(8).toString("hex");
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
  return { body, headers };
}

/** A receiver that notes the calls of its handlers. */
function observe(options: Partial<ReceiverOptions> = {}) {
  const told: (number | string)[] = [];
  const receive = createReceiver({
    secret: SECRET,
    onEvent: ({ data }) => void told.push(data.sequence),
    onGap: (room) => void told.push(`gap in ${room}`),
    ...options,
  });
  return {
    told,
    give: ({ body, headers }: ReturnType<typeof messageOf>) => receive(body, headers),
    receive,
  };
}

describe("createReceiver", () => {
  it("[H3.3] handles each event once and in order, and tells of a gap before what follows it", async () => {
    const { told, give } = observe();
    expect(await give(messageOf([1, 2]))).toBe(204);
    expect(await give(messageOf([2, 3]))).toBe(204);
    expect(await give(messageOf([5]))).toBe(204);
    expect(told).toEqual([1, 2, 3, "gap in lobby", 5]);
  });

  it("[H3.3] goes on where it was, by positions that are kept elsewhere", async () => {
    const positions = new Map<string, number>();
    await observe({ positions }).give(messageOf([1, 2]));
    const restarted = observe({ positions });
    await restarted.give(messageOf([2, 3]));
    expect(restarted.told).toEqual([3]);
    const forgetful = observe();
    await forgetful.give(messageOf([3]));
    expect(forgetful.told).toEqual(["gap in lobby", 3]);
  });

  it("[H3.3] answers 500 where a handler throws, and goes on from that event when it comes again", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const told: number[] = [];
    const { give } = observe({
      onEvent: ({ data }) => {
        told.push(data.sequence);
        if (data.sequence === 2 && told.length === 2) throw new Error("The database is away.");
      },
    });
    const message = messageOf([1, 2, 3]);
    expect(await give(message)).toBe(500);
    expect(String(logged.mock.calls[0])).toContain("The database is away.");
    expect(await give(message)).toBe(204);
    expect(told).toEqual([1, 2, 2, 3]);
  });

  it("[H3.3] handles a message that comes again while it is handled only once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const told: number[] = [];
    const { give } = observe({
      async onEvent({ data }) {
        told.push(data.sequence);
        await promise;
      },
    });
    const message = messageOf([1]);
    const answers = [give(message), give(message)];
    resolve();
    expect(await Promise.all(answers)).toEqual([204, 204]);
    expect(told).toEqual([1]);
  });

  it("[H4.1, H4.2] takes what any of its secrets signed lately, in each form that headers and bodies come in", async () => {
    const newer = newSecret();
    const { receive, told } = observe({ secret: `${newer}, ${SECRET}` });
    const old = messageOf([1]);
    expect(await receive(new TextEncoder().encode(old.body), new Headers(old.headers))).toBe(204);
    const { body, headers } = messageOf([2], newer);
    const both = `v1,bm90aGluZw== ${headers["webhook-signature"]} v2,else`;
    expect(await receive(body, { ...headers, "webhook-signature": both })).toBe(204);
    expect(told).toEqual([1, 2]);
  });

  it("[H4.1] refuses what is forged, changed, old, ahead or not signed", async () => {
    const { receive, told } = observe();
    const { body, headers } = messageOf([1]);
    const minute = 60_000;
    const late = messageOf([1], SECRET, new Date(Date.now() - 6 * minute));
    const ahead = messageOf([1], SECRET, new Date(Date.now() + 6 * minute));
    const forged = messageOf([1], newSecret());
    const refused = [
      receive(`${body} `, headers),
      receive(body, { ...headers, "webhook-id": "another" }),
      receive(body, { ...headers, "webhook-timestamp": "now" }),
      receive(body, { ...headers, "webhook-signature": "v1,?" }),
      receive(body, {}),
      receive(late.body, late.headers),
      receive(ahead.body, ahead.headers),
      receive(forged.body, forged.headers),
    ];
    expect(new Set(await Promise.all(refused))).toEqual(new Set([401]));
    expect(told).toEqual([]);
  });

  it("[H4.2] is not made with a secret that is none", () => {
    for (const secret of ["", "secret", `${SECRET},`]) {
      expect(() => observe({ secret })).toThrow(TypeError);
    }
  });
});

it("[H3.3, H4.1] the documented backend for Node takes what a room tells", async () => {
  vi.stubEnv("WEBHOOK_SECRET", SECRET);
  vi.stubEnv("PORT", "0");
  const logged = vi.spyOn(console, "log").mockImplementation(() => {});
  const { server: backend } = await import("../examples/webhooks/receiver.ts");
  if (!backend.listening) await once(backend, "listening");
  const { port } = backend.address() as AddressInfo;
  service = await startServer({
    vars: {
      WEBHOOK_URL: `http://127.0.0.1:${port}/hooks`,
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_ALLOW_PRIVATE: "true",
    },
  });
  const ada = await RawClient.join(service, "lobby", await signToken(service.secret, "ada"));
  await eventually(
    () => logged.mock.calls,
    (calls) => calls.length >= 2,
  );
  expect(logged.mock.calls).toEqual([
    ["room.occupied", "lobby", ""],
    ["member.online", "lobby", "ada"],
  ]);
  await ada.leave();
  backend.closeAllConnections();
  backend.close();
  await once(backend, "close");
});
