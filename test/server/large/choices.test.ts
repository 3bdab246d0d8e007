import { expect, it, vi } from "vitest";
import { pass } from "../../worker-kit/fake-clock.ts";
import { withStorage } from "../room/model-storage.ts";
import { LargeModel } from "./model.ts";
import { LIMITS } from "../room/model.ts";
import { WindowClient } from "./model-shard.ts";

it(
  "[N6.1] a choice made in another shard counts, though the list that comes with it does not fit",
  { timeout: 600_000 },
  () =>
    withStorage(async (storage) => {
      const model = new LargeModel(storage);
      const client = new WindowClient("ada", 5, true);
      void model.join(client);
      await pass(5_000);
      const { calls, room } = model.holderOf(client);
      const choice = (chosen: "busy" | "away", choseAt: number) => ({
        from: "a hub that has ended",
        after: 5,
        number: 6,
        state: room.roster.list.state,
        set: [],
        gone: [],
        watching: 0,
        included: { from: "", number: 0 },
        generations: [2],
        choices: [{ user: "ada", choseAt, chosen, data: null }],
      });
      expect(await calls.tell(choice("busy", 2))).toBe("gap");
      expect(room.roster.chosenBy("ada")).toBe("busy");
      // An older choice comes late.
      await calls.tell(choice("away", 1));
      expect(room.roster.chosenBy("ada")).toBe("busy");
      vi.clearAllTimers();
    }),
);

it(
  "[N6.2, M2] who has been present for longer than RETENTION_SECONDS takes along their choice, too",
  { timeout: 600_000 },
  () =>
    withStorage(async (storage) => {
      const model = new LargeModel(storage);
      const [first, second, third] = [1, 2, 3].map(() => new WindowClient("ada", 5, true));
      void model.join(first!);
      void model.join(second!);
      await pass(5_000);
      model.update(first!, { status: "busy" });
      model.holderOf(second!).cut(second!, "leave");
      await pass(LIMITS.retentionMs + 1_000);
      model.resize();
      // Their other shard is told of the room.
      void model.join(new WindowClient("ada", 5, false));
      await pass(1_000);
      void model.join(third!);
      await pass(5_000);
      expect(model.holderOf(third!)).not.toBe(model.holderOf(first!));
      expect(model.holderOf(third!).room.roster.chosenBy("ada")).toBe("busy");
      vi.clearAllTimers();
    }),
);
