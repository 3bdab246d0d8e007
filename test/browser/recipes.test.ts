import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { type Server, startServer } from "../e2e/server.ts";
import { closeContexts, openBrowser } from "./browser.ts";
import { appDocument, bundleApp, openApp, signIn } from "./own-origin-app.ts";

const KEY = randomBytes(32).toString("base64url");
/** Long enough for a busy machine. */
const PATIENCE = { timeout: 40_000 };
const EXAMPLES = join(import.meta.dirname, "../examples");
const example = (path: string) => join(EXAMPLES, path);

let server: Server;
let browser: Browser;
let recipes: string;

beforeAll(async () => {
  const vars = {
    GRACE_SECONDS: "0",
    SERVER_KEY: KEY,
    IN_BAND_AUTH: "true",
    SIGNALS: "true",
    TICKET_SECRET: randomBytes(32).toString("base64url"),
  };
  [server, browser, recipes] = await Promise.all([
    startServer({ vars }),
    openBrowser(),
    bundleApp(join(import.meta.dirname, "apps/recipes-app.tsx")),
  ]);
});
afterAll(async () => {
  await closeContexts(browser);
  await server?.stop();
});

/** A page of one script, in the browser of somebody who is signed in. */
async function openScript(user: string, script: string, body = ""): Promise<Page> {
  const context = await browser.newContext();
  await signIn(context, server, user.toLowerCase(), { name: user });
  return openApp(context, server, {
    "/app.html": appDocument(`${body}<script type="module" src="/app.js"></script>`),
    "/app.js": script,
  });
}

async function sendEvent(room: string, event: object): Promise<void> {
  const answer = await fetch(`${server.url}/rooms/${room}/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KEY}` },
    body: JSON.stringify(event),
  });
  expect(answer.status).toBe(200);
}

describe("the recipes for React", () => {
  it("[K15.3, K21, K27.1, K27.4] show dots, faces, typing, the last time online, and what the backend says", async () => {
    const ada = await openScript("Ada", recipes, '<div id="react"></div>');
    const dots = ada.locator(".dot");
    await expect.poll(() => dots.nth(0).getAttribute("title"), PATIENCE).toBe("online");
    await ada.getByText("Not seen lately").waitFor();

    const bob = await openScript("Bob", recipes, '<div id="react"></div>');
    await expect.poll(() => dots.nth(1).getAttribute("title"), PATIENCE).toBe("online");
    await ada.getByText("Online now").waitFor();
    await ada.getByRole("list", { name: "Also here" }).getByText("Bob").waitFor();
    expect(await ada.getByRole("list", { name: "Also here" }).textContent()).toBe("Bob");

    // Each part is in a room of its own, and may be there later.
    const sees = async () => {
      await bob.getByLabel("Your message").pressSequentially("a");
      return ada.getByText("Bob is typing…").count();
    };
    await expect.poll(sees, PATIENCE).toBeGreaterThan(0);
    expect(await bob.getByText("is typing…").count()).toBe(0);
    await ada.getByText("Bob is typing…").waitFor({ state: "detached" });

    const hears = async () => {
      await sendEvent("everyone", { name: "deployed", data: { version: 7 } });
      return ada.getByText("Version 7 is out.").count();
    };
    await expect.poll(hears, PATIENCE).toBeGreaterThan(0);

    await bob.context().close();
    await ada.getByText(/^Last online [A-Z]/).waitFor();
    await expect.poll(() => dots.nth(1).getAttribute("title"), PATIENCE).toBe("offline");
    await ada.context().close();
  });
});

describe("the recipes for the client", () => {
  it("[B1.1, K15.1, K15.3] tell who comes, types and goes, and what the backend says", async () => {
    const script = await bundleApp(example("client/changes.ts"));
    const ada = await openScript("Ada", script, '<p id="log"></p>');
    const log = ada.locator("#log");
    // Members who were there before her are not reported, so Bob waits until her page hears the room.
    const hears = async () => {
      await sendEvent("lobby", { name: "hello", data: {} });
      return log.textContent();
    };
    await expect.poll(hears, PATIENCE).toContain("hello");
    const token = await signToken(server.secret, "bob", { name: "Bob" });
    const bob = await RawClient.join(server, "lobby", token);
    await log.getByText("Bob came.").waitFor();
    await bob.request({ type: "update", data: { typing: true } });
    await log.getByText("Bob is typing.").waitFor();
    await sendEvent("lobby", { name: "deployed", data: { version: 7 } });
    await log.getByText('deployed: {"version":7}').waitFor();
    await bob.leave();
    await log.getByText("Bob left.").waitFor();
    await ada.context().close();
  });

  it("[K15.5, K30.1] tell who is typing by signals", async () => {
    const script = await bundleApp(example("client/signals.ts"));
    const body = '<input id="message" /><p id="typing"></p>';
    const ada = await openScript("Ada", script, body);
    const bob = await openScript("Bob", script, body);
    const typing = ada.locator("#typing");
    // Until Ada's page has heard of Bob, it does not know his name.
    await expect
      .poll(async () => {
        await bob.locator("#message").pressSequentially("a");
        return typing.textContent();
      }, PATIENCE)
      .toBe("Bob is typing…");
    expect(await bob.locator("#typing").textContent()).toBe("");
    await expect.poll(() => typing.textContent(), PATIENCE).toBe("");
    for (const page of [ada, bob]) await page.context().close();
  });

  it("[W3.1, L1] join with no library", async () => {
    const context = await browser.newContext();
    await signIn(context, server, "ada", { name: "Ada" });
    // It may come before the page is said to be loaded.
    const message = context.waitForEvent("console", PATIENCE);
    const ada = await openApp(context, server, {
      "/app.html": appDocument('<script type="module" src="/app.js"></script>'),
      "/app.js": readFileSync(example("client/raw-socket.js"), "utf8"),
    });
    const members = await message;
    expect(await members.args()[0]?.jsonValue()).toContainEqual(
      expect.objectContaining({ name: "Ada", status: "online" }),
    );
    await ada.context().close();
  });

  it.each([
    ["token", "client/token.ts"],
    ["ticket", "client/ticket.ts"],
  ])("[T1.1, T2.3] sign in with a %s of the app's", async (way, file) => {
    const token = await signToken(server.secret, way, { name: way });
    const give = async () => {
      if (way === "token") return token;
      const answer = await fetch(`${server.url}/tickets`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({ room: "lobby" }),
      });
      return ((await answer.json()) as { ticket: string }).ticket;
    };
    const script = await bundleApp(example(file));
    const context = await browser.newContext();
    await context.route(`${server.url}/api/${way}`, async (route) => {
      await route.fulfill({ contentType: "text/plain", body: await give() });
    });
    const here = script.replaceAll("https://presence.example.com", server.url);
    expect(here).toContain(server.url);
    await openApp(context, server, {
      "/app.html": appDocument('<script type="module" src="/app.js"></script>'),
      "/app.js": here,
    });
    await expect.poll(() => server.logs.join(), PATIENCE).toContain(`"user":"${way}"`);
    await context.close();
  });
});
