import { describe, expect, it, vi } from "vitest";
import { askBackend } from "../../worker-kit/backend.ts";
import { readRoom, refusal } from "../../worker-kit/http.ts";
import { hold, put } from "../../worker-kit/lease.ts";
import { join, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, restart } from "../../worker-kit/time.ts";

let rooms = 0;
const newRoom = () => `kick-${++rooms}`;

async function kick(room: string, user: string): Promise<unknown> {
  const path = `/rooms/${room}/members/${encodeURIComponent(user)}`;
  const answer = await askBackend("DELETE", path);
  expect(answer.status).toBe(200);
  return answer.json();
}

describe("kicking", () => {
  it("[B2, O3.1] closes each of the user's connections 4403, with no grace, in a hibernating room too", async () => {
    const room = newRoom();
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const [ada, adaToo, bob] = await Promise.all([
      join(room, "ada"),
      join(room, "ada"),
      join(room, "bob"),
    ]);
    const { lease } = await hold(room, "ada");
    await hibernate(room);
    expect(await kick(room, "ada")).toEqual({ closed: 3 });
    expect(await ada.closed).toEqual({ code: 4403, reason: "kicked" });
    expect(await adaToo.closed).toEqual({ code: 4403, reason: "kicked" });
    const { members } = await readRoom(room);
    expect(members.map(({ id, status, connections }) => [id, status, connections])).toEqual([
      ["ada", "offline", 0],
      ["bob", "online", 1],
    ]);
    await bob.news();
    expect(bob.roll?.members).toEqual(members);
    const leaves = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "leave");
    expect(leaves.map(({ user, reason }) => [user, reason])).toEqual(
      Array.from({ length: 3 }, () => ["ada", "kicked"]),
    );
    expect(leaves.map(({ connection }) => connection)).toContain(welcomeOf(ada).connection);
    expect(await kick(room, "ada")).toEqual({ closed: 0 });
    // She can come back: her session decides what she may do.
    const again = await put(room, { lease }, { Authorization: `Bearer ${await signIn("ada")}` });
    expect((await again.json<{ lease: string }>()).lease).not.toBe(lease);
    vi.restoreAllMocks();
  });

  it("[B2, L4.4] ends a place in its grace too, and counts only what was open", async () => {
    const room = newRoom();
    await join(room, "ada");
    await restart(room);
    expect((await readRoom(room)).online).toBe(1);
    expect(await kick(room, "ada")).toEqual({ closed: 0 });
    expect((await readRoom(room)).online).toBe(0);
  });

  it("[M3.4] the backend can tell that a member hides", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "offline" });
    expect((await readRoom(room)).connections).toBe(0);
    const event = { name: "x", data: 1 };
    const sent = await askBackend("POST", `/rooms/${room}/events`, event);
    expect(await sent.json()).toEqual({ delivered: 1 });
    const stats = await askBackend("GET", `/rooms/${room}/stats`);
    expect(await stats.json()).toMatchObject({ online: 0, members: 1, sockets: 1 });
    expect(await kick(room, "ada")).toEqual({ closed: 1 });
  });

  it("[B2] takes any user's id, and stores nothing of one who is not there", async () => {
    const room = newRoom();
    for (const user of ["a/b", "a%2Fb", "%", "é ü", "x".repeat(128), "a?b#c"]) {
      const peer = await join(room, user, { token: await signIn(user) });
      expect(await kick(room, user), user).toEqual({ closed: 1 });
      expect(await peer.closed).toMatchObject({ code: 4403 });
    }
    expect(await kick(newRoom(), "nobody")).toEqual({ closed: 0 });
    const long = await askBackend("DELETE", `/rooms/${room}/members/${"x".repeat(129)}`);
    expect(await refusal(long)).toEqual([400, "bad_request"]);
    const nowhere = await askBackend("DELETE", `/rooms/-/members/ada`);
    expect(await refusal(nowhere)).toEqual([400, "room_invalid"]);
  });
});
