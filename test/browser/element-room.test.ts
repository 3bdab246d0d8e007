import { describe, expect, it, onTestFinished } from "vitest";
import type { RollcallPeople } from "../../src/element/index.ts";
import { signToken } from "../e2e/client-kit.ts";
import { startHostileRoom } from "./hostile-room.ts";
import { eventually } from "./tab.ts";
import {
  enter,
  newRoom,
  openPage,
  server,
  setUpPeople,
  shows,
  startAgain,
  toldOf,
} from "./people-page.ts";

setUpPeople();

describe("<rollcall-people> in its room", () => {
  it("[K24.1, K24.2] stays when it is moved, keeps what did not change, and leaves when it is taken out", async () => {
    const room = newRoom();
    const ada = await enter(room, "Ada");
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, online", "You, online");
    const people = await page.locator("rollcall-people").elementHandle();
    const faces = await page.locator("rollcall-people .person").elementHandles();

    await people!.evaluate((element) => document.querySelector("#there")!.append(element));
    ada.send({ type: "update", status: "busy" });
    await shows(page, "Ada, busy", "You, online");
    const [adasFace, yourFace] = await page.locator("#there .person").elementHandles();
    expect(await adasFace!.evaluate((now, before) => now === before, faces[0])).toBe(true);
    expect(await yourFace!.evaluate((now, before) => now === before, faces[1])).toBe(true);
    await eventually(() => expect(toldOf(ada, "ada")).toEqual(["busy"]));
    expect(toldOf(ada, "you")).toEqual(["online"]);

    await people!.evaluate((element) => element.remove());
    await eventually(() => expect(toldOf(ada, "you")).toEqual(["online", "offline"]));
    await people!.evaluate((element) => document.body.append(element));
    await shows(page, "Ada, busy", "You, online");
  });

  it("[K24.1] moves with its room, and is empty where it may not be", async () => {
    const [open, shut] = [newRoom(), newRoom()];
    const ada = await enter(open, "Ada");
    const page = await openPage(`<rollcall-people room="/rooms/${open}"></rollcall-people>`, {
      rooms: [open],
    });
    await shows(page, "Ada, online", "You, online");
    const people = page.locator("rollcall-people");
    await people.evaluate((element, room) => element.setAttribute("room", `/rooms/${room}`), shut);
    await page.locator("rollcall-people:state(closed)").waitFor({ state: "attached" });
    await shows(page);
    const { error } = await people.evaluate((element: RollcallPeople) =>
      element.handle!.getSnapshot(),
    );
    expect(error?.code).toBe("room_forbidden");
    await eventually(() => expect(toldOf(ada, "you")).toEqual(["online", "offline"]));
  });

  it("[K24.1] signs in by options that were set before it was defined, too", async () => {
    const room = newRoom();
    const response = await fetch(`${server.url}/tickets`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${await signToken(server.secret, "eve", { name: "Eve" })}`,
      },
      body: JSON.stringify({ room }),
    });
    const { ticket } = (await response.json()) as { ticket: string };
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>
      <script>
        document.querySelector("rollcall-people").options = { getTicket: () => "${ticket}" };
      </script>`);
    expect(await shows(page, "Eve, online")).toHaveLength(1);
  });

  it("[K25] takes names for text, and asks for no image but of the web, with no referrer", async () => {
    const seen: { url: string; referer: string | undefined }[] = [];
    const images = [
      "javascript:alert(1)",
      "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
      "file:///etc/passwd",
      "/pictures/good.svg",
      "/pictures/none.svg",
    ];
    const name = '<img src=x onerror="document.title=1">';
    const room = await startHostileRoom(name, images);
    onTestFinished(room.stop);
    const page = await openPage("");
    await page.route(`${server.url}/pictures/*`, (route, request) => {
      seen.push({ url: request.url(), referer: request.headers()["referer"] });
      if (request.url().endsWith("none.svg")) return route.fulfill({ status: 404 });
      const body = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
      return route.fulfill({ contentType: "image/svg+xml", body });
    });
    await page.evaluate((url) => {
      document.querySelector("#here")!.innerHTML =
        `<rollcall-people room="${url}"></rollcall-people>`;
    }, room.url);

    await shows(page, ...images.map(() => `${name}, online`));
    const sources = page.locator("rollcall-people img");
    await eventually(async () => {
      const urls = await sources.evaluateAll((all) =>
        all.map((image) => image.getAttribute("src")),
      );
      expect(urls).toEqual(["/pictures/good.svg"]);
    });
    expect(seen.map(({ url }) => new URL(url).pathname).toSorted()).toEqual([
      "/pictures/good.svg",
      "/pictures/none.svg",
    ]);
    expect(seen.map(({ referer }) => referer)).toEqual([undefined, undefined]);
    expect(await page.title()).toBe("An app");
  });

  it("[K24.2] keeps its faces over a restart of the server", async () => {
    const room = newRoom();
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await enter(room, "Ada");
    await shows(page, "Ada, online", "You, online");
    const changes = await page.locator("rollcall-people").evaluateHandle((people) => {
      const seen: string[] = [];
      const observer = new MutationObserver((records) => {
        for (const { type, target } of records) seen.push(`${type}: ${target.textContent}`);
      });
      const everything = { subtree: true, childList: true, characterData: true, attributes: true };
      observer.observe(people.shadowRoot!, everything);
      return seen;
    });
    await server.kill();
    await page.locator("rollcall-people:state(reconnecting)").waitFor();
    await shows(page, "Ada, online", "You, online");
    await startAgain();
    await page.locator("rollcall-people:state(online)").waitFor();
    await shows(page, "Ada, online", "You, online");
    expect(await changes.jsonValue()).toEqual([]);
  });
});
