import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { env } from "cloudflare:workers";
import { createApp } from "../../../src/server/app.ts";
import { EarlyFrames } from "../../../src/server/http/early-frames.ts";
import type { Session } from "../../../src/server/session/session.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { ask, readRoom, requestTo } from "../../worker-kit/http.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";

// In this isolate, tokens are judged by the rules of the last app.
afterEach(() => void createApp());

let rooms = 0;
const newRoom = () => `early-${++rooms}`;
const GOOD: Session = { user: { id: "ada" }, roles: [], expiresAt: Date.now() + 3_600_000 };

/** A socket to a service whose token check ends on command. */
async function open(room: string) {
  const { promise, resolve } = Promise.withResolvers<Session | null>();
  const verify = vi.fn(() => promise);
  const upgrade = requestTo(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
  const answer = await createApp({ verify }).request(upgrade, {}, env);
  const peer = new Peer(answer.webSocket!);
  await peer.untilType("authenticate");
  return { peer, verify, answer: resolve };
}

const auth = (length: number, token = "t") => {
  const frame = { type: "auth", token, more: "" };
  return JSON.stringify({ ...frame, more: "x".repeat(length - JSON.stringify(frame).length) });
};

describe("a socket without a credential", () => {
  it("[T2.4] takes an auth frame of 16 KiB, first and later, and no longer one", async () => {
    const headers = { Upgrade: "websocket" };
    const peer = new Peer((await ask(`/rooms/${newRoom()}?auth=message`, { headers })).webSocket!);
    const token = await signIn("ada");
    peer.send(auth(16_384, token));
    await peer.untilType("snapshot");
    peer.send(auth(16_384, token));
    await peer.untilType("renewed");
    peer.send(auth(16_385, token));
    expect(await peer.untilType("error")).toMatchObject({ code: "bad_message" });

    const other = await open(newRoom());
    other.peer.send(auth(16_385));
    expect(await other.peer.closed).toEqual({ code: 4400, reason: "bad_message" });
    expect(other.verify).not.toHaveBeenCalled();
  });

  it("[T2.5, W11.1] keeps 20 frames that come while the token is judged, in order, bad ones too", async () => {
    const { peer, verify, answer } = await open(newRoom());
    peer.send({ type: "auth", token: "t" });
    await eventually(() => expect(verify).toHaveBeenCalled());
    const bad = [new ArrayBuffer(8), "x".repeat(2 ** 20), "garbage"];
    for (const frame of bad) peer.send(frame);
    for (let n = 0; n < 16; n++) peer.send({ type: "idle", idle: false, id: `f${n}` });
    peer.send("ping");
    answer(GOOD);
    await peer.until((frame) => frame !== "pong" && frame.type === "ack" && frame.id === "f15");
    await peer.until((frame) => frame === "pong");
    const told = peer.frames.flatMap((frame) =>
      frame === "pong" || !["ack", "error"].includes(frame.type)
        ? []
        : [frame.type === "ack" ? frame.id : "bad"],
    );
    expect(told).toEqual([
      ...bad.map(() => "bad"),
      ...Array.from({ length: 16 }, (_, n) => `f${n}`),
    ]);
  });

  it.each([
    ["more than 20 frames", Array<string>(21).fill("ping")],
    ["more than 96 KiB", Array<string>(7).fill("x".repeat(16_000))],
  ])("[T2.5, T2.6] is closed for %s meanwhile, and does not join", async (_name, frames) => {
    const room = newRoom();
    const { peer, verify, answer } = await open(room);
    peer.send({ type: "auth", token: "t" });
    await eventually(() => expect(verify).toHaveBeenCalled());
    for (const frame of frames) peer.send(frame);
    expect(await peer.closed).toEqual({ code: 4400, reason: "bad_message" });
    answer(GOOD);
    await verify.mock.results[0]!.value;
    expect((await readRoom(room)).members).toEqual([]);
  });

  it("[T2.6] is not joined where its client goes while the token is judged", async () => {
    const room = newRoom();
    const { peer, verify, answer } = await open(room);
    peer.send({ type: "auth", token: "t" });
    await eventually(() => expect(verify).toHaveBeenCalled());
    peer.close(1001);
    await peer.closed;
    answer(GOOD);
    await verify.mock.results[0]!.value;
    expect((await readRoom(room)).members).toEqual([]);
  });

  it("[T2.6] judges nothing after a refusal", async () => {
    const { peer, verify } = await open(newRoom());
    peer.send("garbage");
    peer.send({ type: "auth", token: "t" });
    expect(await peer.closed).toEqual({ code: 4400, reason: "bad_message" });
    expect(verify).not.toHaveBeenCalled();
  });

  it("[T2.5] keeps little, whatever is sent", () => {
    const size = fc.integer({ min: 0, max: 40_000 });
    const text = size.map((length) => "ü".repeat(length));
    const frames = fc.array(
      fc.oneof(
        text,
        size.map((length) => new ArrayBuffer(length)),
      ),
    );
    fc.assert(
      fc.property(frames, (sent) => {
        const early = new EarlyFrames();
        const all = sent.every((frame) => early.keep(frame));
        const kept = early.release();
        if (all) {
          expect(kept).toHaveLength(sent.length);
          expect(kept.length).toBeLessThanOrEqual(20);
          expect(kept.join("").length).toBeLessThanOrEqual(98_304);
        }
        expect(early.release()).toEqual([]);
      }),
    );
  });
});
