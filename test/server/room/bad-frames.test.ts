import { afterEach, describe, expect, it, vi } from "vitest";
import { countBadFrame, countFrame } from "../../../src/server/room/connections/flood.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, type Frame } from "../../worker-kit/peer.ts";
import { hibernate, passTime } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `bad-frames-${++rooms}`;

function errorsIn(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => (frame !== "pong" && frame.type === "error" ? frame.code : []));
}

describe("bad frames", () => {
  const big = "x".repeat(1025);
  it.each<[string, string | ArrayBuffer]>([
    ["no JSON", "hello"],
    ["the room's own pong", "pong"],
    ["an array", "[]"],
    ["null", "null"],
    ["an unknown type", JSON.stringify({ type: "shout", id: "1" })],
    ["an unknown status", JSON.stringify({ type: "update", status: "hungry" })],
    ["data that is an array", JSON.stringify({ type: "update", data: [1] })],
    ["data that is a text", JSON.stringify({ type: "update", data: "x" })],
    ["data above 1 KiB", JSON.stringify({ type: "update", status: "busy", data: { big } })],
    [
      "data above 1 KiB in bytes",
      JSON.stringify({ type: "update", data: { big: "é".repeat(600) } }),
    ],
    ["idle without a boolean", JSON.stringify({ type: "idle", idle: "yes" })],
    ["an id that is too long", JSON.stringify({ type: "sync", id: "x".repeat(65) })],
    ["an id that is no text", JSON.stringify({ type: "sync", id: 7 })],
    ["more than 4 KiB", JSON.stringify({ type: "sync", pad: "x".repeat(4096) })],
    ["1 MiB", JSON.stringify({ type: "update", status: "busy", pad: "x".repeat(2 ** 20) })],
    ["a binary frame", new ArrayBuffer(16)],
  ])(
    "[W6, W11.1] %s is answered with bad_message, and nothing of it is applied",
    async (_, frame) => {
      const room = newRoom();
      const ada = await join(room, "ada");
      const before = await readRoom(room);
      ada.send(frame);
      expect(await ada.untilType("error")).toMatchObject({ code: "bad_message" });
      expect(await readRoom(room)).toEqual(before);
      await ada.ask({ type: "update", status: "busy" });
    },
  );

  it("[W6] an error names the frame's id, where it had one", async () => {
    const ada = await join(newRoom(), "ada");
    ada.send({ type: "shout", id: "frame-7" });
    expect(await ada.untilType("error")).toEqual({
      type: "error",
      code: "bad_message",
      message: expect.any(String),
      id: "frame-7",
    });
  });

  it("[W11.1] unknown keys do no harm", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", mood: "fine", __proto__: null });
    expect((await readRoom(room)).members[0]?.status).toBe("busy");
  });

  it("[W11.2] the tenth bad frame in a minute closes 4400, with no grace, over hibernation too", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    for (let n = 1; n <= 9; n++) ada.send(`garbage ${n}`);
    await eventually(() => expect(errorsIn(ada.frames)).toHaveLength(9));
    await hibernate(room);
    passTime(30);
    ada.send("garbage 10");
    expect(await ada.closed).toEqual({ code: 4400, reason: "bad_message" });
    expect(errorsIn(ada.frames)).toHaveLength(10);
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });

  it("[W11.2] bad frames of more than a minute ago are forgiven", () => {
    const offences = { bad: [], flooded: [] };
    for (let n = 0; n < 9; n++) expect(countBadFrame(offences, 0)).toBe("answer");
    for (let n = 0; n < 9; n++) expect(countBadFrame(offences, 60_000)).toBe("answer");
    expect(countBadFrame(offences, 60_000)).toBe("close");
  });

  it("[W12.1] frames above 20 in 5 s are dropped, and answered once a second; ping does not count", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    // A busy machine may take more than a second for them.
    passTime(0);
    for (let n = 1; n <= 50; n++) ada.send("ping");
    for (let n = 1; n <= 30; n++) ada.send({ type: "update", data: { n } });
    await eventually(() => expect(errorsIn(ada.frames)).toEqual(["rate_limited"]));
    await eventually(async () =>
      expect((await readRoom(room)).members[0]?.data).toEqual({ n: 20 }),
    );
    passTime(6);
    await ada.ask({ type: "update", data: { n: 21 } });
    expect((await readRoom(room)).members[0]?.data).toEqual({ n: 21 });
  });

  it("[W12.2] five seconds of flooding in a minute close 4429", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    passTime(0);
    for (let second = 1; second <= 5; second++) {
      for (let n = 1; n <= 25; n++) ada.send({ type: "idle", idle: false });
      if (second < 5) {
        await eventually(() => expect(errorsIn(ada.frames)).toHaveLength(second));
        passTime(6);
      }
    }
    expect(await ada.closed).toEqual({ code: 4429, reason: "rate_limited" });
    expect((await readRoom(room)).members[0]?.status).toBe("offline");
  });

  it("[W12.1] starts anew by a clock that was set back", () => {
    const accepted: number[] = [];
    const offences = { bad: [], flooded: [] };
    const count = (now: number) => countFrame(accepted, offences, now);
    for (let n = 0; n < 20; n++) expect(count(9_000_000)).toBe("accept");
    expect(count(9_000_000)).toBe("answer");
    for (let n = 0; n < 20; n++) expect(count(4_000)).toBe("accept");
    expect(count(4_000)).toBe("answer");
  });

  it("[W12.1] counts any 5 s, not fixed ones", () => {
    const accepted: number[] = [];
    const offences = { bad: [], flooded: [] };
    const count = (now: number) => countFrame(accepted, offences, now);
    for (let n = 0; n < 10; n++) expect(count(4_000)).toBe("accept");
    for (let n = 0; n < 10; n++) expect(count(5_500)).toBe("accept");
    expect(count(6_000)).toBe("answer");
    expect(count(6_500)).toBe("drop");
    expect(count(8_999)).toBe("answer");
    for (let n = 0; n < 10; n++) expect(count(9_000)).toBe("accept");
    expect(count(9_000)).toBe("drop");
  });
});
