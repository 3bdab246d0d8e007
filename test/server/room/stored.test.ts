import { afterEach, describe, expect, it, vi } from "vitest";
import { readRoom } from "../../worker-kit/http.ts";
import { hold } from "../../worker-kit/lease.ts";
import { join } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTimeWithAlarms, query, restart } from "../../worker-kit/time.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let rooms = 0;
const newRoom = () => `stored-${++rooms}`;

describe("what is stored", () => {
  it.each([
    ["places", "'{'"],
    ["places", "'null'"],
    ["places", "'[{}]'"],
    ["places", `'[{"connection":"x","idle":false,"lostAt":"soon"}]'`],
    ["places", `'[{"connection":"x","idle":false,"lostAt":null,"leasedUntil":null}]'`],
    ["places", "x'00ff'"],
    ["data", "'['"],
    ["data", "'7'"],
    ["unseen", "'{\"name\":7}'"],
    ["chosen", "'gone'"],
    ["last_online", "1e300"],
    ["last_online", "'yesterday'"],
    ["issued_at", "9e999"],
    ["version", "1.5"],
    ["version", "'many'"],
    ["name", "x'00'"],
    ["image", "x'00'"],
    ["stamp", "'x'"],
    ["chose_at", "'x'"],
  ])("[L6.5] a member whose %s is %s keeps nobody from the room", async (column, value) => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    const bob = await join(room, "bob");
    const held = await readRoom(room);
    await query(room, `UPDATE members SET ${column} = ${value} WHERE id = 'ada'`);
    await hibernate(room);
    const shown = await readRoom(room);
    expect(lines.mock.calls.flat().join("\n")).toContain(`stored ${column} cannot be read`);
    expect(shown.members.find(({ id }) => id === "bob")).toEqual(held.members[1]);
    // Clients' states may be wrong: nobody may resume from them.
    expect(shown.epoch).not.toBe(held.epoch);
    await join(room, "ada");
    expect((await readRoom(room)).members.map(({ id }) => id)).toEqual(["ada", "bob"]);
    await passTimeWithAlarms(room, 60);
    expect((await readRoom(room)).online).toBe(0);
    bob.close();
  });

  it("[L6.5] a room whose own counts cannot be read goes on as another", async () => {
    const room = newRoom();
    await join(room, "ada");
    const { epoch } = await readRoom(room);
    for (const damage of ["UPDATE room SET value = 'x' WHERE key <> 'epoch'", "DELETE FROM room"]) {
      await query(room, damage);
      await restart(room);
      expect((await readRoom(room)).members).toMatchObject([{ id: "ada", status: "online" }]);
    }
    const bob = await join(room, "bob");
    expect(bob.roll?.epoch).not.toBe(epoch);
    await bob.ask({ type: "update", status: "busy" });
    await restart(room);
    expect(await readRoom(room)).toMatchObject({ epoch: bob.roll!.epoch, version: 3 });
  });

  it("[L6.1] members are found again in a table that is older than some of its columns", async () => {
    const room = newRoom();
    const ada = await join(room, "ada");
    await ada.ask({ type: "update", status: "busy", data: { n: 1 } });
    const shown = await readRoom(room);
    for (const columns of [["chose_at"], ["chose_at", "stamp"]]) {
      for (const column of columns) {
        await query(room, `ALTER TABLE members DROP COLUMN ${column}`);
      }
      await restart(room);
      expect(await readRoom(room)).toEqual(shown);
    }
    const bob = await join(room, "bob");
    await bob.ask({ type: "update", status: "away" });
    await restart(room);
    expect((await readRoom(room)).members).toMatchObject([{ status: "busy" }, { status: "away" }]);
  });

  it("[A6.1, W8, P1.4] of one member is bounded, whatever their sessions, names and data say", async () => {
    const room = newRoom();
    // What takes most room in JSON.
    const longest = (length: number) => "\u0001".repeat(length);
    const image = `https://example.com/${"x".repeat(2_028)}`;
    const data = { x: "x".repeat(1_000) };
    for (let n = 0; n < 20; n++) {
      const claims = { name: longest(256), picture: image, sid: longest(255) + String(n % 10) };
      await hold(room, "ada", { data, ...(n === 10 && { status: "offline" }) }, claims);
    }
    const [row] = await query(
      room,
      `SELECT length(CAST(name || image || unseen || coalesce(data, '') AS BLOB)) AS rest,
              length(CAST(places AS BLOB)) AS places FROM members`,
    );
    expect(row!.places).toBeGreaterThan(20 * 1_500);
    expect(row!.places).toBeLessThan(20 * 2_048);
    expect(row!.rest).toBeLessThan(8 * 1_024);
    const held = await readRoom(room);
    await restart(room);
    expect(await readRoom(room)).toEqual(held);
  });

  it("[L6.1, M6.1] a restart changes nothing that is shown, whatever the name", async () => {
    const room = newRoom();
    const odd = ["\u0000nul", "\ud800", "a\udfffb", "𝒜", "'; DROP TABLE members; --", "\u2028"];
    for (const [n, name] of odd.entries()) {
      await join(room, `user-${n}`, { token: await signIn(`user-${n}`, { name }) });
    }
    const shown = await readRoom(room);
    await restart(room);
    expect(await readRoom(room)).toEqual(shown);
  });
});
