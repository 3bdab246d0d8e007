import { describe, expect, it } from "vitest";
import { signIn } from "./own-origin-app.ts";
import {
  appOf,
  change,
  newRoom,
  observe,
  openPage,
  reads,
  server,
  settled,
  setUpRooms,
  told,
} from "./rooms-page.ts";
import type { RoomsApp } from "./apps/react-rooms.tsx";
import { eventually } from "./tab.ts";

setUpRooms();

describe("a provider that is unmounted", () => {
  it("[K29.1, K29.2] keeps its place where another is mounted in 2 s, and shows at once who is here", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      user: "ada",
    });
    await reads(page, "Here: ada online, grace online");
    const { counts: before } = await appOf(page);
    for (const mount of [2, 3]) await change(page, { mount });
    // By the page's own clock, by which it would leave after 2 s.
    const texts = await page.evaluate(async () => {
      const { app } = window as unknown as { app: RoomsApp };
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      app.set({ part: "none" });
      await wait(500);
      const between = document.body.textContent;
      app.set({ part: "doc", mount: 4 });
      // Longer than the first would have kept it.
      await wait(2_500);
      return [between, document.body.textContent];
    });
    expect(texts[0]).toContain("Nothing");
    expect(texts[1]).toContain("Here: ada online, grace online");
    const { counts } = await appOf(page);
    expect(counts.slice(before.length).every((count) => count === 2)).toBe(true);
    expect(counts.length).toBeGreaterThan(before.length);
    expect(await settled(observer)).toEqual(["ada online 1"]);
    expect(sockets).toHaveLength(1);
  });

  it("[K29.2, K4.2] leaves its connection to nobody who may be another person", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, context, sockets } = await openPage({ part: "doc", doc: `/rooms/${room}` });
    await reads(page, "Here: ada online, grace online");
    await change(page, { mount: 2 });
    await reads(page, "Here: ada online, grace online");
    await eventually(() => expect(sockets).toHaveLength(2));
    await change(page, { part: "none" });
    await signIn(context, server, "bob");
    await change(page, { part: "doc" });
    await reads(page, "bob online, grace online");
    await reads(page, "Here: ada offline, bob online, grace online");
    const seen = await settled(observer);
    // A remounted page was there twice for a while, and did not look absent.
    const statuses = seen.map((each) => each.replace(/ \d$/, ""));
    expect(statuses.filter((each) => each === "ada offline")).toHaveLength(1);
    expect(statuses.at(-1)).toBe("ada offline");
    expect(statuses.filter((each) => each.startsWith("bob"))).toEqual(["bob online"]);
    expect(sockets).toHaveLength(3);
  });

  it("[K29.1, K29.3] leaves after 2 s, and where it is told to at once", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}` });
    await reads(page, "Here: ada online, grace online");
    const at = Date.now();
    await change(page, { part: "none" });
    await eventually(() => expect(told(observer).at(-1)).toBe("ada offline 0"));
    expect(Date.now() - at).toBeGreaterThanOrEqual(1_900);

    await change(page, { part: "doc" });
    await reads(page, "Here: ada online, grace online");
    await page.getByRole("button", { name: "Leave" }).click();
    await change(page, { part: "none" });
    const all = ["ada online 1", "ada offline 0", "ada online 1", "ada offline 0"];
    await eventually(() => expect(told(observer)).toEqual(all));
    expect(await settled(observer)).toEqual(all);
  });
});
