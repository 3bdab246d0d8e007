import { expect, it } from "vitest";
import { ada, bob, enter, last, member, setUpFakes, soon } from "./fake-client.ts";

setUpFakes();

const fault = new Error("The app's fault.");

it("[K1.3] a listener that throws stops no other, and does not keep a choice from the room", async () => {
  const room = enter();
  const heard: string[] = [];
  room.on("join", ({ id }) => heard.push(`first ${id}`));
  for (const name of ["join", "event", "signal"] as const) {
    room.on(name, () => {
      throw fault;
    });
  }
  room.subscribe(() => {
    if (room.getSnapshot().connection === "online") throw fault;
  });
  room.subscribe(() => heard.push(room.getSnapshot().connection));
  room.on("join", ({ id }) => heard.push(`second ${id}`));
  room.on("signal", ({ name }) => heard.push(name));
  room.setStatus("busy");
  await soon();
  last().welcome(ada);
  expect(heard).toContain("online");
  expect(last().frames).toContainEqual({ type: "update", status: "busy", id: "1" });
  // A timer throws it: it is reported, and not swallowed.
  await expect(soon()).rejects.toBe(fault);

  heard.splice(0);
  const counts = { online: 3, connections: 3 };
  const set = [bob, member("cid")];
  last().tell({ type: "delta", epoch: "e", from: 1, version: 2, ...counts, set, gone: [] });
  const signal = { from: "bob", connection: "b", data: null };
  const signals = ["one", "two"].map((name) => ({ ...signal, name }));
  last().tell({ type: "signals", signals });
  const joins = ["first bob", "second bob", "first cid", "second cid"];
  expect(heard).toEqual(["online", ...joins, "one", "two"]);
  await expect(soon()).rejects.toBe(fault);

  last().end(1006, "");
  expect(room.getSnapshot().connection).toBe("reconnecting");
});
