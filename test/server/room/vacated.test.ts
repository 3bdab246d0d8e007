import { expect, it, vi } from "vitest";
import type { Config } from "../../../src/server/config/config.ts";
import { deliver } from "../../../src/server/room/deliver.ts";
import { LIMITS, Model } from "./model.ts";
import { withStorage } from "./model-storage.ts";
import { ModelWindows } from "./model-windows.ts";

const HOUR = 3_600_000;

/** Runs a test with a room, and with the tables that it keeps. */
function inRoom(
  test: (model: Model, tables: () => string[], storage: DurableObjectStorage) => void,
  settings: Partial<Config> = {},
): Promise<void> {
  return withStorage(async (storage) => {
    const query = "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'";
    const tables = () => [...storage.sql.exec<{ name: string }>(query)].map(({ name }) => name);
    test(new Model(storage, LIMITS, settings), tables, storage);
    vi.clearAllTimers();
    vi.restoreAllMocks();
  });
}

const come = (model: Model) =>
  model.turn(
    (now) => model.join({ do: "join", user: 0, resume: false, hasNewName: false }, now),
    true,
  );
const leave = (model: Model) =>
  model.turn((now) => model.cut(model.live.at(-1)!, "leave", now), true);
const forget = (model: Model) => model.turn((now) => model.roster.forget(now, "ada"), true);

it("[L5.5] a room that nobody was in deletes nothing, and keeps its epoch and its alarm", () =>
  inRoom((model, tables, storage) => {
    const deleteAll = vi.spyOn(storage, "deleteAll");
    const { epoch } = model.roster.list;
    model.room.alarm.wakeBy(Date.now() + HOUR);
    for (let turn = 0; turn < 2; turn++) model.turn(() => {}, true);
    expect(deleteAll).not.toHaveBeenCalled();
    expect(model.roster.list.epoch).toBe(epoch);
    expect(model.room.alarm.at).not.toBeNull();
    expect(tables()).toEqual([]);
  }));

it("[L5.5, L7.1] a room that all have left keeps nothing, and the next one begins anew, with an alarm of its own", () =>
  inRoom((model, tables) => {
    come(model);
    const { epoch } = model.roster.list;
    expect(tables()).toEqual(["room", "members"]);
    leave(model);
    forget(model);
    expect(tables()).toEqual([]);
    expect(model.room.alarm.at).toBeNull();
    come(model);
    expect(model.roster.list.epoch).not.toBe(epoch);
    expect(model.room.alarm.at).not.toBeNull();
  }));

it("[B1.3, S1.2] no two events to the watchers of a room that nobody is in have one id", () =>
  inRoom((model, tables) => {
    const windows = new ModelWindows(model);
    const how = { user: 0, limit: 0, isMember: false, isLater: false, resume: false };
    const watcher = model.turn((now) => windows.open(how, now)!);
    const sent = vi.spyOn(watcher.connection!, "send");
    const ids = () =>
      sent.mock.calls.splice(0).map(([frame]) => JSON.parse(String(frame)).id as string);
    const send = () =>
      model.turn(() => expect(deliver(model.room, { name: "x", data: "1" })).toBe(1), true);
    for (let time = 0; time < 2; time++) send();
    expect(new Set(ids()).size).toBe(2);
    expect(tables()).toEqual([]);
  }));

it("[L5.5, B8.2] what a room was told of a user goes when it has ended, and can be told again", () =>
  inRoom((model, tables) => {
    for (let time = 0; time < 2; time++) {
      model.turn((now) => model.room.barriers.raise("ada", { at: now }, now), true);
      expect(tables()).toEqual(["barriers"]);
      vi.setSystemTime(Date.now() + HOUR);
      model.turn(() => {}, true);
      expect(tables()).toEqual([]);
    }
  }));

it("[L5.5, T1.3] the tickets that were used go when they have expired, and others can be used", () =>
  inRoom((model, tables) => {
    for (let time = 0; time < 2; time++) {
      come(model);
      const ticket = { id: `ticket-${time}`, expiresAt: Date.now() + 1_000 };
      model.turn(() => model.room.tickets.add(ticket), true);
      leave(model);
      forget(model);
      expect(tables()).toContain("tickets");
      vi.setSystemTime(Date.now() + HOUR);
      model.turn(() => {}, true);
      expect(tables()).toEqual([]);
    }
  }));

it("[H5.3] an outbox that is empty goes though nothing else is kept, and comes back", () =>
  inRoom(
    (model, tables) => {
      const { outbox } = model.room.webhooks!;
      for (let time = 0; time < 2; time++) {
        come(model);
        leave(model);
        forget(model);
        expect(tables()).toEqual(["outbox"]);
        for (let message = outbox.take(Date.now()); message; message = outbox.take(Date.now())) {
          outbox.settle(message);
        }
        model.turn(() => {}, true);
        expect(tables()).toEqual([]);
      }
    },
    { webhook: { url: "https://hooks.example.com", secrets: [`whsec_${"a".repeat(32)}`] } },
  ));
