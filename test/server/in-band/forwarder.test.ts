import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Forwarder, WINDOW } from "../../../src/server/http/forwarder.ts";
import { until } from "../../worker-kit/eventually.ts";
import { ask, readRoom } from "../../worker-kit/http.ts";
import { Peer } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { framesOf } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

/** A room that takes what was forwarded when it is told to, and answers each `ping` as the platform does. */
class Room {
  readonly waiting: string[] = [];
  readonly taken: string[] = [];
  /** The answers that reached the client. */
  pongs = 0;
  readonly #forwarder = new Forwarder((frame) => this.waiting.push(frame));

  send(frame: string): void {
    this.#forwarder.forward(frame);
  }

  take(count: number): void {
    for (const frame of this.waiting.splice(0, count)) {
      this.taken.push(frame);
      if (frame === "ping" && this.#forwarder.hears("pong")) this.pongs++;
    }
  }
}

const isNoPing = (frame: string) => frame !== "ping";
const step = fc.record({
  send: fc.nat({ max: 200 }),
  pings: fc.nat({ max: 3 }),
  take: fc.nat({ max: 200 }),
});

describe("what a socket that signed in by a frame sends", () => {
  it("[T2.7, L1] waits for the room in bounds and in order, and each ping that is not dropped has one answer", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const room = new Room();
        let sent = 0;
        for (const { send, pings, take } of steps) {
          for (let n = 0; n < pings; n++) room.send("ping");
          for (let n = 0; n < send; n++) room.send(String(sent++));
          // Beside the frames, the question.
          expect(room.waiting.length).toBeLessThanOrEqual(2 * WINDOW + 1);
          room.take(take);
        }
        room.take(Number.POSITIVE_INFINITY);
        const numbers = room.taken.filter(isNoPing).map(Number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        const all = steps.reduce((sum, { pings }) => sum + pings, 0);
        expect(room.pongs).toBeLessThanOrEqual(all);
        // Whoever has flooded is heard again.
        const before = room.pongs;
        room.send("ping");
        room.send("last");
        room.take(Number.POSITIVE_INFINITY);
        expect(room.pongs).toBe(before + 1);
        expect(room.taken.filter(isNoPing).at(-1)).toBe("last");
      }),
    );
  });

  it("[T2.7] is never dropped while the room keeps up", () => {
    const room = new Room();
    for (let n = 0; n < 1_000; n++) {
      room.send(n % 10 === 0 ? "ping" : String(n));
      if (n % WINDOW === 0) room.take(2 * WINDOW);
    }
    room.take(Number.POSITIVE_INFINITY);
    expect(room.taken.filter(isNoPing)).toHaveLength(900);
    expect(room.pongs).toBe(100);
  });

  it("[T2.7, G2.3, G2.6] in a flood closes nothing, and what comes after it counts", async () => {
    const room = "in-band-flood";
    // However slow the machine is, no time passes in which more signals would be allowed.
    vi.setSystemTime(Date.now());
    const answer = await ask(`/rooms/${room}?auth=message`, { headers: { Upgrade: "websocket" } });
    const peer = new Peer(answer.webSocket!);
    peer.send({ type: "auth", token: await signIn("ada") });
    await peer.untilType("welcome");
    const pongs = () => peer.frames.filter((frame) => frame === "pong").length;
    /** Fits in a window, so that nothing of it is dropped before the room. */
    const sendSome = async () => {
      const before = pongs();
      for (let n = 0; n < WINDOW - 4; n++) peer.send({ type: "signal", name: `n${n}` });
      peer.send("ping");
      await peer.until(() => pongs() > before);
    };
    while (framesOf(peer, "error").length === 0) await sendSome();
    for (let n = 0; n < 10 * WINDOW; n++) peer.send({ type: "signal", name: `n${n}` });
    const before = pongs();
    await until(() => {
      peer.send("ping");
      return pongs() > before;
    });
    await peer.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).members).toMatchObject([{ id: "ada", status: "busy" }]);
    const codes = framesOf(peer, "error").map((frame) => (frame as { code: string }).code);
    expect(new Set(codes)).toEqual(new Set(["rate_limited"]));
  });
});
