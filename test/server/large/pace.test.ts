import { expect, it, vi } from "vitest";
import { pass } from "../../worker-kit/fake-clock.ts";
import { withStorage } from "../room/model-storage.ts";
import { LargeModel } from "./model.ts";
import { WindowClient } from "./model-shard.ts";

const SECONDS = 10;

it(
  "[N3.3] at most 4 reports and tellings a second and shard in a busy room, none in a quiet one",
  { timeout: 600_000 },
  () =>
    withStorage(async (storage) => {
      const model = new LargeModel(storage);
      const clients = ["ada", "bob", "cleo", "dora"].map((user) => new WindowClient(user, 5, true));
      for (const client of clients) void model.join(client);
      await pass(5_000);
      expect(new Set(clients.map((client) => model.holderOf(client))).size).toBe(2);
      model.network.calls = 0;
      for (let at = 0; at < SECONDS * 50; at++) {
        model.update(clients[at % 4]!, { status: at % 8 < 4 ? "busy" : "away" });
        await pass(20);
      }
      await pass(1_000);
      const busy = 2 * 2 * (SECONDS + 1) * 4;
      expect(model.network.calls).toBeLessThanOrEqual(busy);
      expect(model.network.calls).toBeGreaterThan(busy / 4);
      for (const { roll } of clients) expect(roll!.members).toEqual(clients[0]!.roll!.members);
      model.network.calls = 0;
      await pass(600_000);
      expect(model.network.calls).toBe(0);
      vi.clearAllTimers();
    }),
);

it(
  "[N3.1] a change in a quiet room is shown in the other shards after two calls",
  { timeout: 600_000 },
  () =>
    withStorage(async (storage) => {
      const model = new LargeModel(storage);
      const clients = ["ada", "bob", "cleo", "dora"].map((user) => new WindowClient(user, 5, true));
      for (const client of clients) void model.join(client);
      await pass(5_000);
      model.update(clients[0]!, { status: "busy" });
      // Each call takes 2 ms in the model, and its changes wait for no gathering.
      await pass(10);
      for (const { roll } of clients) expect(roll!.members[0]).toMatchObject({ status: "busy" });
      vi.clearAllTimers();
    }),
);
