import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinRoom, type JoinOptions } from "../../src/client/index.ts";
import { enter, handles, last, page, setUpFakes, sockets, soon } from "./fake-client.ts";
import { FakeSocket } from "./fake-socket.ts";

setUpFakes();

let words: string[];
/** Each test has its own room, since each message is written once. */
let room: string;
let rooms = 0;

beforeEach(() => {
  words = [];
  room = `https://presence.example.com/rooms/words-${++rooms}`;
  vi.spyOn(console, "warn").mockImplementation((text: string) => words.push(text.trim()));
});

afterEach(() => {
  FakeSocket.opened.length = 0;
});

/** A client whose sockets fail, and whose reads get these answers. */
async function misled(answer: () => Response | Promise<Response>, options: JoinOptions = {}) {
  const fetch = async () => answer();
  const handle = joinRoom(room, { WebSocket: FakeSocket, fetch, ...options });
  handles.push(handle);
  await soon();
  last().end(1006, "");
  await soon();
  return handle;
}

const refuse = (status: number, code: string, message: string) => () =>
  Response.json({ error: { code, message } }, { status });

describe("the console", () => {
  it.each([
    [401, "unauthenticated", "SESSION_COOKIE"],
    [401, "session_invalid", "SESSION_SECRET"],
    [404, "not_found", "not_found"],
    [400, "room_invalid", "room_invalid"],
    [403, "room_forbidden", "room_forbidden"],
    [500, "misconfigured", "misconfigured"],
  ])(
    "[K18.1] says once why the service refuses, and what to check: %i %s",
    async (status, code, setting) => {
      const handle = await misled(refuse(status, code, "Words of the service's."));
      expect(handle.getSnapshot().error).toEqual({ code, message: "Words of the service's." });
      expect(words).toHaveLength(1);
      expect(words[0]).toContain(`Rollcall: ${room} ${code}: Words of the service's.`);
      expect(words[0]).toContain(setting);
      handle.join();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(words).toHaveLength(1);
    },
  );

  it.each([
    ["another server's 404", () => new Response("<h1>Not found</h1>", { status: 404 }), "404"],
    ["a page", () => new Response("<!doctype html>"), "200"],
    ["other JSON", () => Response.json({ ok: true }), "200"],
    ["a list", () => Response.json([]), "200"],
    ["a text", () => Response.json("hello"), "200"],
  ])(
    "[K18.1, K18.2] tells %s from Rollcall, shows it, and goes on trying",
    async (_, answer, status) => {
      const handle = await misled(answer);
      const { connection, error } = handle.getSnapshot();
      expect([connection, error?.code]).toEqual(["connecting", "not_found"]);
      expect(words).toEqual([
        expect.stringContaining(`Another server answers: ${status}. Check the path.`),
      ]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sockets.length).toBeGreaterThan(1);
      expect(words).toHaveLength(1);
      last().welcome();
      expect(handle.getSnapshot()).toMatchObject({ connection: "online", error: null });
    },
  );

  it("[K18.1] says that an origin is not allowed, whose answers the browser keeps from the page", async () => {
    vi.stubGlobal("location", new URL("https://app.example.com/docs"));
    const asked: (string | undefined)[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      asked.push(init?.mode);
      if (init?.mode !== "no-cors") throw new TypeError("Failed to fetch");
      return Response.error();
    };
    const handle = joinRoom(room, { WebSocket: FakeSocket, fetch });
    handles.push(handle);
    await soon();
    last().end(1006, "");
    await soon();
    expect(asked).toEqual([undefined, "no-cors"]);
    expect(handle.getSnapshot().error?.code).toBe("origin_forbidden");
    expect(words[0]).toContain("Not for https://app.example.com. Check ALLOWED_ORIGINS.");
  });

  it("[K18.1] says nothing where nobody answers", async () => {
    vi.stubGlobal("location", new URL("https://app.example.com/docs"));
    const handle = await misled(() => Promise.reject(new Error("Nobody answers.")));
    expect(handle.getSnapshot().error).toBeNull();
    expect(words).toEqual([]);
  });

  it.each(["getToken", "getTicket", "onUnauthorized"])(
    "[K18.1] says that a hook failed, or gave nothing: %s",
    async (hook) => {
      let answer = () => Promise.reject(new Error(`No ${room}`));
      const handle = enter({ [hook]: () => answer() });
      await soon();
      if (hook === "onUnauthorized") {
        last().tell({ type: "ack", id: "none" });
        last().end(4401, "session_invalid");
        await soon();
      }
      expect(words[0]).toContain(`Rollcall: ${hook} failed: Error: No ${room}`);
      answer = () => Promise.resolve(undefined) as never;
      await vi.advanceTimersByTimeAsync(5_000);
      expect(words.filter((text) => text.includes(`${hook} gave nothing`)).length).toBeLessThan(2);
      if (hook === "getTicket") expect(words.join()).toContain("TICKET_SECRET");
      handle.leave();
    },
  );

  it("[K18.1] says that no WebSocket gets through, and where a token is sent what lets one in", async () => {
    const handle = await misled(() => Response.json({ type: "snapshot" }), {
      getToken: () => "token",
    });
    await vi.advanceTimersByTimeAsync(40_000);
    last().end(1006, "");
    await soon();
    expect(words.join()).toContain("No WebSocket: polling. Check IN_BAND_AUTH.");
    handle.leave();
  });

  it("[K18.1] says that a browser opens no such socket", async () => {
    function Refused() {
      throw new DOMException(`Not ${room} from https:`, "SecurityError");
    }
    const handle = enter({ WebSocket: Refused });
    await soon();
    expect(words).toEqual([expect.stringContaining(`Not ${room} from https:`)]);
    expect(words[0]).toContain("Check https:.");
    expect(handle.getSnapshot().connection).toBe("connecting");
  });
});

describe("a room's URL", () => {
  it.each(["file:///rooms/lobby", "mailto:ada@example.com", "data:,lobby", "about:blank", "//"])(
    "[K18.3] that can never work throws: %s",
    (url) => {
      expect(() => joinRoom(url)).toThrow(TypeError);
      const handle = joinRoom(url, { autoJoin: false });
      expect(() => handle.join()).toThrow(TypeError);
    },
  );

  it("[K18.3] may be one of a socket, and have a fragment, which is dropped", async () => {
    for (const url of ["wss://example.com/rooms/a?x=1#top", "https://example.com/rooms/a?x=1"]) {
      handles.push(joinRoom(url, { WebSocket: FakeSocket }));
    }
    await soon();
    expect(sockets.map(({ url }) => url.href)).toEqual(["wss://example.com/rooms/a?x=1"]);
    handles.push(joinRoom("ws://localhost:8787/rooms/a", { WebSocket: FakeSocket }));
    await soon();
    expect(last().url.href).toBe("ws://localhost:8787/rooms/a");
  });
});

describe("a prerendered page", () => {
  it("[K17] does nothing until it is shown", async () => {
    Object.assign(page, { prerendering: true });
    const handle = enter({ idleAfterMs: 1_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toEqual([]);
    expect(handle.getSnapshot().connection).toBe("connecting");
    Object.assign(page, { prerendering: false });
    page.dispatchEvent(new Event("prerenderingchange"));
    await soon();
    expect(sockets).toHaveLength(1);
    expect(last().url.search).toBe("");
  });

  it("[K17] that left before it was shown never connects", async () => {
    Object.assign(page, { prerendering: true });
    const handle = enter();
    await soon();
    handle.leave();
    await soon();
    page.dispatchEvent(new Event("prerenderingchange"));
    await soon();
    expect(sockets).toEqual([]);
  });
});

describe("a page that leaves while its socket opens", () => {
  it("[K19] leaves as soon as that is open", async () => {
    const handle = enter();
    await soon();
    const socket = last();
    handle.leave();
    await soon();
    expect(handle.getSnapshot().connection).toBe("closed");
    expect(socket.closedWith).toBe("open");
    socket.readyState = 1;
    socket.dispatchEvent(new Event("open"));
    expect(socket).toMatchObject({ closedWith: 1000, closedFor: "left" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("[K19] waits for that no longer than for any attempt", async () => {
    enter().join();
    await soon();
    handles.pop()!.leave();
    await vi.advanceTimersByTimeAsync(10_100);
    expect(last().closedWith).toBeUndefined();
    expect(sockets).toHaveLength(1);
  });
});
