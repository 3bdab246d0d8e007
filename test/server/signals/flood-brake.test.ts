import { afterEach, describe, expect, it, vi } from "vitest";
import { FloodBrake } from "../../../src/server/room/flood-brake.ts";
import { join, type Peer } from "../../worker-kit/peer.ts";
import { framesOf, settle } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `flood-brake-${++rooms}`;

const flood = (peer: Peer, count: number) => {
  for (let n = 0; n < count; n++) peer.send({ type: "signal", name: `n${n}` });
};

describe("a flood", () => {
  it("[G2.6] is paused after each 50 messages that are dropped", () => {
    const brake = new FloodBrake();
    const paused = Array.from({ length: 120 }, (_, n) => (brake.pauses() ? n + 1 : 0));
    expect(paused.filter(Boolean)).toEqual([50, 100]);
  });

  it("[G2.6] is read slowly, in one room alone", async () => {
    const [ada, bob] = [await join(newRoom(), "ada"), await join(newRoom(), "bob")];
    // However slow the machine is, no time passes in which more signals would be allowed.
    vi.setSystemTime(Date.now());
    const startedAt = performance.now();
    flood(ada, 1_150);
    await settle(bob);
    expect(framesOf(ada, "error").length).toBeLessThanOrEqual(1);
    await settle(ada);
    // One signal was answered, and 999 were dropped. A timer may be a part of a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(19 * 4);
    expect(framesOf(ada, "error")).toMatchObject([{ code: "rate_limited" }]);
  });

  it("[G2.6, W11.3] on a socket that the room has closed is dropped, and others are heard", async () => {
    const room = newRoom();
    const [ada, bob, eve] = await Promise.all(["ada", "bob", "eve"].map((id) => join(room, id)));
    ada!.send({ type: "leave" });
    flood(ada!, 500);
    await bob!.ask({ type: "update", status: "busy" });
    await eve!.until(() => eve!.roll!.members.some(({ status }) => status === "busy"));
    await eve!.until(() => eve!.roll!.online === 2);
    expect(framesOf(ada!, "error")).toEqual([]);
  });
});
