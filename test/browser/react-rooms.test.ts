import { describe, expect, it } from "vitest";
import { RawClient, signToken } from "../e2e/client-kit.ts";
import { signIn } from "./own-origin-app.ts";
import {
  appOf,
  change,
  newRoom,
  observe,
  openPage,
  reads,
  server,
  SERVER_KEY,
  settled,
  setUpRooms,
  told,
} from "./rooms-page.ts";
import { eventually } from "./tab.ts";

setUpRooms();

describe("rooms of contexts of their own", () => {
  it("[K27.1, K16.1] are told apart by their hooks, on one page", async () => {
    const [doc, team] = [newRoom(), newRoom()];
    const [inDoc, inTeam] = [await observe(doc), await observe(team)];
    const bob = await RawClient.join(server, team, await signToken(server.secret, "bob"));
    const { page } = await openPage({ part: "two", doc: `/rooms/${doc}`, team: `/rooms/${team}` });
    await reads(page, "Typing: ; in the team: 3; in the doc: 2");
    await page.getByRole("button", { name: "Type" }).click();
    await reads(page, "Typing: ada; in the team: 3; in the doc: 2");
    await bob.leave();
    await reads(page, "Typing: ada; in the team: 2; in the doc: 2");
    // Her coming and her typing may be told together.
    expect(new Set(await settled(inDoc))).toEqual(new Set(["ada online 1"]));
    expect(await settled(inTeam)).toEqual(["bob online 1", "ada online 1", "bob offline 0"]);
  });

  it("[K27.1] give the backend's events to the latest listener of that name", async () => {
    const room = newRoom();
    // The next provider takes over the connection of the one before where it knows whose it is.
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}`, user: "ada" });
    await reads(page, "Here: ada online");
    const tell = (name: string, data: unknown) =>
      fetch(`${server.url}/rooms/${room}/events`, {
        method: "POST",
        headers: { Authorization: `Bearer ${SERVER_KEY}` },
        body: JSON.stringify({ name, data }),
      });
    const hears = (...events: string[]) =>
      eventually(async () => expect((await appOf(page)).events).toEqual(events));
    await tell("other", 1);
    await tell("saved", { by: "bob" });
    await hears('1 saved {"by":"bob"}');
    await change(page, { event: "other" });
    await tell("saved", 2);
    await tell("other", 3);
    await hears('1 saved {"by":"bob"}', "1 other 3");
    await change(page, { mount: 2 });
    await tell("other", 4);
    await hears('1 saved {"by":"bob"}', "1 other 3", "2 other 4");
  });

  it("[K27.4] give signals to the latest listener of that name", async () => {
    const room = newRoom();
    const bob = await RawClient.join(server, room, await signToken(server.secret, "bob"));
    const { page } = await openPage({ part: "doc", doc: `/rooms/${room}`, user: "ada" });
    await reads(page, "Here: ada online, bob online");
    const signal = (name: string, data: unknown) => bob.send({ type: "signal", name, data });
    const hears = (...events: string[]) =>
      eventually(async () => expect((await appOf(page)).events).toEqual(events));
    signal("other", 1);
    signal("saved", 2);
    await hears("1 saved by bob: 2");
    await change(page, { event: "other" });
    await eventually(async () => {
      signal("other", 3);
      expect((await appOf(page)).events.at(-1)).toBe("1 other by bob: 3");
    });
    signal("saved", 4);
    signal("other", 5);
    await eventually(async () => {
      const { events } = await appOf(page);
      expect(events.at(-1)).toBe("1 other by bob: 5");
      expect(events).not.toContain("1 saved by bob: 4");
    });
  });
});

async function newTicket(room: string, user: string): Promise<string> {
  const answer = await fetch(`${server.url}/tickets`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await signToken(server.secret, user)}` },
    body: JSON.stringify({ room }),
  });
  return ((await answer.json()) as { ticket: string }).ticket;
}

describe("the element", () => {
  it("[K28.4] has its attributes and options from JSX", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page } = await openPage({
      part: "element",
      doc: `/rooms/${room}`,
      ticket: await newTicket(room, "zoe"),
    });
    await page.getByRole("button", { name: "1 more" }).waitFor();
    await page.getByRole("img", { name: "zoe, online" }).waitFor();
    expect(await settled(observer)).toEqual(["zoe online 1"]);
  });
});

describe("a provider's options", () => {
  it("[K27.1] `autoJoin` that turns true joins", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      autoJoin: false,
    });
    await reads(page, "Here:");
    expect(await settled(observer)).toEqual([]);
    await change(page, { autoJoin: true });
    await reads(page, "Here: ada online, grace online");
    expect(sockets).toHaveLength(1);
    expect(await settled(observer)).toEqual(["ada online 1"]);
  });

  it("[K4.1] that are the same functions share a connection with others, and with a handle", async () => {
    const room = newRoom();
    const ticket = await newTicket(room, "ada");
    const observer = await observe(room);
    const { page, sockets } = await openPage({ part: "twins", doc: `/rooms/${room}`, ticket });
    await eventually(async () =>
      expect(await page.getByText("Here: ada online, grace online").count()).toBe(2),
    );
    expect(await settled(observer)).toEqual(["ada online 1"]);
    expect(sockets).toHaveLength(1);
    await change(page, { part: "none" });
    await eventually(() => expect(told(observer).at(-1)).toBe("ada offline 0"));
  });

  it("[K4.2, K20.2] another `user` leaves as the former person and joins as the other, at once", async () => {
    const room = newRoom();
    const observer = await observe(room);
    const { page, context, sockets } = await openPage({
      part: "doc",
      doc: `/rooms/${room}`,
      user: "ada",
    });
    await reads(page, "Here: ada online, grace online");
    await signIn(context, server, "bob");
    await change(page, { user: "bob" });
    await reads(page, "Here: ada offline, bob online, grace online");
    expect((await settled(observer)).toSorted()).toEqual([
      "ada offline 0",
      "ada online 1",
      "bob online 1",
    ]);
    expect(sockets).toHaveLength(2);
  });
});
