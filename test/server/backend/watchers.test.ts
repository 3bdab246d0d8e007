import { afterEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../../../src/protocol/messages.ts";
import { eventually } from "../../worker-kit/eventually.ts";
import { askBackend, queryUser, revoke, userPath, whereIs } from "../../worker-kit/backend.ts";
import { askConfigured, readRoom, refusal } from "../../worker-kit/http.ts";
import { join, tryJoin, welcomeOf } from "../../worker-kit/peer.ts";
import { signIn } from "../../worker-kit/sign-in.ts";
import { hibernate, passTimeWithAlarms, tablesOf } from "../../worker-kit/time.ts";
import { openWindow, settle, shownTo, untilShown } from "../../worker-kit/window.ts";

afterEach(() => void vi.useRealTimers());

let names = 0;
const newRoom = () => `backend-watch-${++names}`;
/** A user's object outlives a test. */
const newUser = () => `watcher-${++names}`;
const WATCHER = { query: "?present=false" };
const roomsOf = (user: string) => queryUser(user, "SELECT room FROM rooms");

describe("watchers and the app's backend", () => {
  it("[S1.5, B4.1] a watched room is not one that its watcher is present in, and is forgotten once left", async () => {
    const [room, eve] = [newRoom(), newUser()];
    const watcher = await join(room, eve, WATCHER);
    expect(await whereIs(eve)).toMatchObject({ status: "offline", connections: 0, rooms: [] });
    // Still listed, since a revocation has to get there.
    expect(await roomsOf(eve)).toEqual([{ room }]);
    await watcher.ask({ type: "leave" });
    // Her object keeps nothing.
    await eventually(async () => expect(await roomsOf(eve)).toEqual([]));
    expect(await tablesOf(room)).toEqual([]);
  });

  it("[S1.5] whoever is a member, too, is listed until both have ended", async () => {
    const [room, eve] = [newRoom(), newUser()];
    const watcher = await join(room, eve, WATCHER);
    const member = await join(room, eve);
    await member.ask({ type: "leave" });
    await hibernate(room);
    expect(await roomsOf(eve)).toEqual([{ room }]);
    await watcher.ask({ type: "leave" });
    await eventually(async () => expect((await whereIs(eve)).lastOnline).not.toBeNull());
  });

  it("[S1.5, A7.8] counts for how many rooms a user may be in", async () => {
    const eve = newUser();
    const token = await signIn(eve);
    const headers = { Upgrade: "websocket", Authorization: `Bearer ${token}` };
    const open = () =>
      askConfigured({ MAX_ROOMS_PER_USER: 1 }, `/rooms/${newRoom()}?present=false`, headers);
    (await open()).webSocket!.accept();
    expect(await refusal(await open())).toEqual([429, "too_many_rooms"]);
  });

  it("[S1.4, B3.1, B2, B11.1] has them closed as members are", async () => {
    const [room, eve] = [newRoom(), newUser()];
    const token = await signIn(eve, { sid: "phone" });
    const phone = await join(room, eve, { ...WATCHER, token });
    const laptop = await openWindow(room, eve);
    await hibernate(room);
    expect(await revoke(eve, "phone")).toBe(1);
    expect(await phone.closed).toEqual({ code: 4401, reason: "session_revoked" });
    expect(await refusal(await tryJoin(room, eve, { ...WATCHER, token }))).toEqual([
      401,
      "session_revoked",
    ]);
    const kicked = await askBackend("DELETE", `/rooms/${room}/members/${eve}`);
    expect(await kicked.json()).toEqual({ closed: 1 });
    expect(await laptop.closed).toEqual({ code: 4403, reason: "kicked" });
    const again = await join(room, eve, WATCHER);
    const forgotten = await askBackend("DELETE", userPath(eve));
    expect(await forgotten.json()).toEqual({ closed: 1 });
    expect(await again.closed).toEqual({ code: 4403, reason: "kicked" });
  });

  it("[S3.2, B3.2] a revoked session is a stranger's where counts are public", async () => {
    const [room, eve] = [`public-${newRoom()}`, newUser()];
    const token = await signIn(eve, { sid: "phone" });
    await revoke(eve, "phone");
    const query = "?present=false&view=window";
    const answer = await tryJoin(room, eve, { query, token });
    expect(answer.status).toBe(101);
    const { Peer } = await import("../../worker-kit/peer.ts");
    const peer = new Peer(answer.webSocket!);
    expect((await peer.untilType("welcome")).expiresAt).toBeUndefined();
    const read = await askConfigured({}, `/rooms/${room}?fields=counts`, {
      Authorization: `Bearer ${token}`,
    });
    expect(await read.json()).toMatchObject({ online: 0, watching: 1 });
  });

  it("[S1.1, S3.1, B1.1] events reach watchers, and no strangers", async () => {
    const [room, eve] = [`public-${newRoom()}`, newUser()];
    const watcher = await openWindow(room, eve, { query: "?present=false&view=counts" });
    const stranger = await openWindow(room, eve, {
      query: "?present=false&view=counts",
      token: "forged",
    });
    const send = (to?: object) =>
      askBackend("POST", `/rooms/${room}/events`, { name: "n", data: 1, ...(to && { to }) });
    expect(await (await send()).json()).toEqual({ delivered: 1 });
    expect(await (await send({ users: [eve] })).json()).toEqual({ delivered: 1 });
    await watcher.untilType("event");
    await settle(stranger);
    expect(JSON.stringify(stranger.frames)).not.toContain('"event"');
    // It keeps nothing of it.
    expect(await tablesOf(room)).toEqual([]);
  });

  it("[S1.4, T5.1] their sessions are renewed by the service", async () => {
    const [room, eve] = [newRoom(), newUser()];
    const exp = Math.floor(Date.now() / 1000) + 70;
    const watcher = await openWindow(room, eve, { token: await signIn(eve, { exp }) });
    watcher.send("ping");
    await passTimeWithAlarms(room, 11);
    expect(await watcher.untilType("renewed")).toMatchObject({ token: expect.any(String) });
  });

  it("[S1.3, T6.1, S5.4] a watcher that signs out waits, and signs in as a watcher that watches nobody", async () => {
    const [room, eve] = [newRoom(), newUser()];
    const watcher = await openWindow(room, eve);
    await watcher.ask({ type: "watch", add: ["ada"] });
    await untilShown(watcher, () => shownTo(watcher).join() === "ada");
    const { connection } = welcomeOf(watcher);
    await watcher.ask({ type: "logout" });
    await watcher.untilType("authenticate");
    watcher.send({ type: "watch", add: ["ada"], id: "w" });
    expect(await watcher.untilType("error")).toMatchObject({ code: "bad_message", id: "w" });
    watcher.frames.splice(0);
    await watcher.ask({ type: "auth", token: await signIn(newUser()) });
    const welcome = await watcher.untilType("welcome");
    expect(welcome).toMatchObject({ self: null });
    expect(welcome.connection).not.toBe(connection);
    await untilShown(watcher, (roll) => roll!.members.length === 0);
    expect((await readRoom(room)).members).toEqual([]);
  });
});

describe("pages", () => {
  const read = (room: string, query: string) => askBackend("GET", `/rooms/${room}?${query}`);

  it("[S7.2, R6.3] lead the app's backend through every member, in order, and nobody else", async () => {
    const room = `windowed-${newRoom()}`;
    const users = ["ada", "bob", "Cleo", "dora", "語"];
    for (const user of users) await join(room, user);
    const seen: string[] = [];
    let after: string | null = "";
    for (let pages = 0; after !== null; pages++) {
      expect(pages).toBeLessThan(4);
      const answer: Response = await read(room, `after=${encodeURIComponent(after)}&limit=2`);
      const page: Page = await answer.json();
      expect(page).toMatchObject({ type: "snapshot", room, online: 5, connections: 5 });
      seen.push(...page.members.map(({ id }) => id));
      ({ after } = page);
    }
    expect(seen).toEqual(users.toSorted());
    expect(await (await read(room, "after=")).json()).toMatchObject({ after: null });
    const window = await (await read(room, "limit=1")).json<Page>();
    expect(window.members.map(({ id }) => id)).toEqual(["Cleo"]);
    expect((await (await read(room, "")).json<Page>()).members).toHaveLength(5);
    for (const limit of ["0", "1001", "-1", "x", "1e3"]) {
      const refused = await refusal(await read(room, `after=&limit=${limit}`));
      expect(refused).toEqual([400, "bad_request"]);
    }
    expect(await refusal(await read(room, `after=${"x".repeat(129)}`))).toEqual([
      400,
      "bad_request",
    ]);
  });
});
