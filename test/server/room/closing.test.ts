import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../worker-kit/eventually.ts";
import { readRoom } from "../../worker-kit/http.ts";
import { join, Peer, tryJoin, type Frame } from "../../worker-kit/peer.ts";
import { hibernate, passTimeWithAlarms, roomStub } from "../../worker-kit/time.ts";

afterEach(() => void vi.useRealTimers());

let rooms = 0;
const newRoom = () => `closing-${++rooms}`;

function errorsIn(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => (frame !== "pong" && frame.type === "error" ? frame.code : []));
}

describe("closing", () => {
  /** What ends a connection from the room's side. */
  const ends: [string, number, (room: string, ada: Peer) => unknown][] = [
    ["bad frames", 4400, (_, ada) => Array.from({ length: 10 }, () => ada.send("garbage"))],
    ["a leave", 1000, (_, ada) => ada.send({ type: "leave" })],
    ["a logout", 1000, (_, ada) => ada.send({ type: "logout" })],
    ["no sign of life", 4408, (room) => passTimeWithAlarms(room, 45)],
    ["a kick", 4403, (room) => roomStub(room).kick("ada")],
  ];
  it.each(ends)(
    "[W11.3] after a close for %s nothing that still arrives is looked at",
    async (cause, code, end) => {
      const room = newRoom();
      const lines = vi.spyOn(console, "log").mockImplementation(() => {});
      const ada = await join(room, "ada");
      const before = lines.mock.calls.length;
      await end(room, ada);
      // They arrive after the frame that ended it, and before its close.
      const frames = [
        { type: "update", status: "busy", id: "late" },
        "garbage",
        new ArrayBuffer(8),
      ];
      for (let n = 1; n <= 40; n++) for (const frame of frames) ada.sendAnyway(frame);
      expect((await ada.closed).code, cause).toBe(code);
      const bob = await join(room, "bob");
      await bob.news();
      expect(JSON.stringify(ada.frames)).not.toContain("late");
      expect(errorsIn(ada.frames).filter((error) => error === "rate_limited")).toEqual([]);
      expect(bob.roll!.members).toMatchObject([{ id: "ada" }, { id: "bob" }]);
      expect(bob.roll!.members[0]!.status).not.toBe("busy");
      const leaves = lines.mock.calls
        .slice(before)
        .flat()
        .filter((line) => line.includes('"leave"') && line.includes(`"${room}"`));
      expect(leaves).toHaveLength(1);
      lines.mockRestore();
    },
  );

  it.each([1000, 1001, 3000, 4000, 4999, undefined])(
    "[W13] a peer's close with %s is answered",
    async (code) => {
      const ada = await join(newRoom(), "ada");
      ada.close(code);
      const { code: answer } = await ada.closed;
      expect(answer).toBe(code ?? 1000);
    },
  );

  it("[W13] a close wakes a hibernating room, and is answered", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await hibernate(room);
    ada.close(1000, "left");
    expect((await ada.closed).code).toBe(1000);
    await eventually(async () => expect((await readRoom(room)).members[0]?.status).toBe("offline"));
  });

  it("[W13] a room goes on after a socket is gone", async () => {
    const room = newRoom();
    const response = await tryJoin(room, "ada");
    const ada = new Peer(response.webSocket!);
    ada.close(4000);
    const bob = await join(room, "bob");
    await bob.ask({ type: "update", status: "busy" });
    expect((await readRoom(room)).members).toMatchObject([{ id: "ada" }, { status: "busy" }]);
  });
});
