import { describe, expect, it } from "vitest";
import { eventually } from "./tab.ts";
import { enter, newRoom, openPage, othersOn, setUpPeople, shows } from "./people-page.ts";

setUpPeople();

describe("<rollcall-people>", () => {
  it("[K23.1] lists who is here by name and status, and counts the others", async () => {
    const room = newRoom();
    const ada = await enter(room, "Ada", "busy");
    await enter(room, "Bob", "away");
    await enter(room, "Cid", "offline");
    await enter(room, "Zoe");
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="3"></rollcall-people>`,
    );
    await page.getByRole("list", { name: "People here" }).waitFor();
    await shows(page, "Ada, busy", "Bob, away", "You, online", "1 more");

    await ada.request({ type: "update", status: "online" });
    await shows(page, "Ada, online", "Bob, away", "You, online", "1 more");
    await ada.leave();
    await shows(page, "Bob, away", "You, online", "Zoe, online");

    await page.locator("rollcall-people").evaluate((people) => {
      people.setAttribute("max", "0");
      people.setAttribute("label", "Readers");
    });
    await page.getByRole("list", { name: "Readers" }).waitFor();
    expect(await shows(page, "3 more")).toHaveLength(1);
  });

  it("[K23.3] gives each status a shape of its own, and moves nothing for who wants it so", async () => {
    const room = newRoom();
    await enter(room, "Ada", "busy");
    await enter(room, "Bob", "away");
    const page = await openPage(`<rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, busy", "Bob, away", "You, online");
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    const look = () =>
      page.locator("rollcall-people .person .dot").evaluateAll((dots) =>
        dots.map((dot) => {
          const { maskImage, backgroundImage } = getComputedStyle(dot, "::after");
          const paper = getComputedStyle(dot.parentElement!.firstElementChild!).backgroundColor;
          const { transitionDuration } = getComputedStyle(dot.closest("li")!);
          return { shape: `${maskImage} ${backgroundImage}`, paper, transitionDuration };
        }),
      );
    const looks = await look();
    expect(new Set(looks.map(({ shape }) => shape)).size).toBe(3);
    expect(looks.map(({ transitionDuration }) => transitionDuration)).toEqual(["0s", "0s", "0s"]);

    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "no-preference" });
    await eventually(async () => {
      const [dark] = await look();
      expect(dark?.paper).not.toBe(looks[0]?.paper);
      expect(dark?.transitionDuration).not.toBe("0s");
    });
  });

  it("[K23.2] is styled by parts, which are named by status too, and by properties", async () => {
    const room = newRoom();
    await enter(room, "Ada", "busy");
    const page = await openPage(`<style>
        rollcall-people { --rollcall-size: 64px; --rollcall-online: rgb(1, 2, 3) }
        rollcall-people::part(dot busy) { outline: 3px solid rgb(4, 5, 6) }
      </style>
      <rollcall-people room="/rooms/${room}"></rollcall-people>`);
    await shows(page, "Ada, busy", "You, online");
    const faces = await page.locator("rollcall-people .face").evaluateAll((all) =>
      all.map((face) => {
        const dot = face.querySelector(".dot")!;
        const { backgroundColor } = getComputedStyle(dot, "::after");
        return [face.clientWidth, getComputedStyle(dot).outlineStyle, backgroundColor];
      }),
    );
    expect(faces[0]!.slice(0, 2)).toEqual([64, "solid"]);
    expect(faces[1]).toEqual([64, "none", "rgb(1, 2, 3)"]);
  });

  it("[K28.1] says who the others are, by mouse, key and touch, and keeps that up to date", async () => {
    const room = newRoom();
    const others = await Promise.all(
      ["Ada", "Bob", "Cid", "Dan"].map((name) => enter(room, name, "busy")),
    );
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="2"></rollcall-people><p>Elsewhere</p>`,
      {},
      { hasTouch: true },
    );
    await shows(page, "Ada, busy", "Bob, busy", "3 more");
    expect(await othersOn(page)).toEqual([]);
    const more = page.getByRole("button", { name: "3 more" });
    await more.click();
    await eventually(async () => expect(await othersOn(page)).toEqual(["Cid", "Dan", "You"]));
    const list = page.locator("rollcall-people .others");
    expect(
      await list.getByRole("img").evaluateAll((all) => all.map((one) => one.ariaLabel)),
    ).toEqual(["Cid, busy", "Dan, busy", "You, online"]);
    await others[2]!.leave();
    await eventually(async () => expect(await othersOn(page)).toEqual(["Dan", "You"]));
    await page.keyboard.press("Escape");
    await eventually(async () => expect(await othersOn(page)).toEqual([]));

    await page.getByRole("button", { name: "2 more" }).tap();
    // The browser turns a tap into a click with a delay.
    await eventually(async () => expect(await othersOn(page)).toEqual(["Dan", "You"]));
    await page.getByText("Elsewhere").tap();
    await eventually(async () => expect(await othersOn(page)).toEqual([]));

    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "2 more" }).focus();
    await page.keyboard.press("Enter");
    await eventually(async () => expect(await othersOn(page)).toEqual(["Dan", "You"]));
    await Promise.all([others[0]!.leave(), others[1]!.leave()]);
    await shows(page, "Dan, busy", "You, online");
    await list.waitFor({ state: "hidden" });
    expect(await othersOn(page)).toEqual([]);
    // Faces that nobody looks at are removed.
    await eventually(async () => expect(await list.locator("li").count()).toBe(0));
  });

  it("[K28.1, S7] counts people whose names it is not told, where rooms are shown in part", async () => {
    const room = `part-${newRoom()}`;
    await Promise.all(Array.from({ length: 22 }, (_, index) => enter(room, `P${10 + index}`)));
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="2" self="hide"></rollcall-people>`,
    );
    await shows(page, "P10, online", "P11, online", "20 more");
    await page.getByRole("button", { name: "20 more" }).click();
    // 20 are told, and 2 of them are faces.
    expect(await othersOn(page)).toHaveLength(18);
    const people = page.locator("rollcall-people");
    await people.evaluate((element) => element.setAttribute("max", "30"));
    const told = Array.from({ length: 20 }, (_, index) => `P${10 + index}, online`);
    await shows(page, ...told, "2 more");
    await people.evaluate((element) => element.removeAttribute("self"));
    expect(await shows(page, ...told, "3 more")).toHaveLength(21);
  });

  it("[K28.2] shows the person first, or not at all", async () => {
    const room = newRoom();
    await enter(room, "Ada");
    await enter(room, "Bob");
    const page = await openPage(
      `<rollcall-people room="/rooms/${room}" max="2" self="first"></rollcall-people>`,
    );
    await shows(page, "You, online", "Ada, online", "1 more");
    const people = page.locator("rollcall-people");
    await people.evaluate((element) => element.setAttribute("self", "hide"));
    await shows(page, "Ada, online", "Bob, online");
    await people.evaluate((element) => element.removeAttribute("self"));
    expect(await shows(page, "Ada, online", "Bob, online", "1 more")).toHaveLength(3);
  });

  it.each(["ltr", "rtl"] as const)(
    "[K28.3] wraps with each line's faces under one another, and opens to where there is room: %s",
    async (direction) => {
      const room = newRoom();
      for (const name of ["Ada", "Bob", "Cid", "Dan", "Eve", "Fay"]) await enter(room, name);
      const page = await openPage(
        `<style>
          html { direction: ${direction} }
          rollcall-people { --rollcall-size: 40px; --rollcall-gap: 10px; width: 150px }
          .tight { --rollcall-gap: -10px }
        </style>
        <rollcall-people room="/rooms/${room}" max="6"></rollcall-people><br>
        <rollcall-people class="tight" room="/rooms/${room}" max="5"></rollcall-people>`,
        {},
        { reducedMotion: "reduce" },
      );
      await page.locator(".tight:state(online)").waitFor();
      const places = (selector: string) =>
        page.locator(`${selector} .list > li:not([hidden])`).evaluateAll((all) =>
          all.map((item) => {
            const host = (item.getRootNode() as ShadowRoot).host.getBoundingClientRect();
            const { left, right } = item.getBoundingClientRect();
            const isMirrored = getComputedStyle(item).direction === "rtl";
            return Math.round(isMirrored ? host.right - right : left - host.left);
          }),
        );
      const starts = (selector: string, count: number) =>
        eventually(async () => {
          const found = await places(selector);
          expect(found).toHaveLength(count);
          return found;
        });
      expect(await starts("rollcall-people:not(.tight)", 7)).toEqual([0, 50, 100, 0, 50, 100, 0]);
      expect(await starts(".tight", 6)).toEqual([0, 30, 60, 90, 0, 30]);

      await page.locator(".tight").getByRole("button").click();
      const { width, height } = page.viewportSize()!;
      await eventually(async () => {
        const box = await page.locator(".tight .others").boundingBox();
        expect(box!.x).toBeGreaterThanOrEqual(0);
        expect(box!.x + box!.width).toBeLessThanOrEqual(width);
        expect(box!.y + box!.height).toBeLessThanOrEqual(height);
      });
      const dot = await page.locator("rollcall-people .dot").first().boundingBox();
      const face = await page.locator("rollcall-people .face").first().boundingBox();
      const isRight = dot!.x > face!.x + face!.width / 2;
      expect(isRight).toBe(direction === "ltr");
    },
  );
});
