import { expect, it, vi } from "vitest";
import { pass } from "../../worker-kit/fake-clock.ts";
import { LIMITS } from "../room/model.ts";
import { withStorage } from "../room/model-storage.ts";
import { LargeModel } from "./model.ts";
import { WindowClient } from "./model-shard.ts";

const CUT_MS = 120_000;
const STEP_MS = 1_000;

it(
  "[N4.3, N4.4] who is in a shard that is cut off is shown until STALE_SECONDS are over, offline after it, and as they are within 5 s after its end",
  { timeout: 600_000 },
  () =>
    withStorage(async (storage) => {
      vi.spyOn(console, "log").mockImplementation(() => {});
      const model = new LargeModel(storage);
      const clients = ["ada", "bob", "Cleo", "déa"].map((user) => new WindowClient(user, 5, true));
      for (const client of clients) void model.join(client);
      await pass(5_000);
      const cut = model.holderOf(clients[0]!);
      const isCut = (client: WindowClient) => model.holderOf(client) === cut;
      const [there] = clients.filter((client) => !isCut(client)) as [WindowClient];
      const away = clients.filter(isCut).map(({ user }) => user);
      const shown = () => there.roll!.members.map(({ id }) => id).filter((id) => away.includes(id));

      model.network.mute(cut.name, CUT_MS);
      const heardAt = model.network.heardAt(cut.name);
      for (let at = 0; at < CUT_MS; at += STEP_MS) {
        model.update(there, { status: at % 2_000 === 0 ? "busy" : "away" });
        await pass(STEP_MS);
        const silentMs = Date.now() - heardAt;
        if (silentMs < LIMITS.staleMs) expect(shown()).toEqual(away.toSorted());
        if (silentMs > LIMITS.staleMs + 4 * STEP_MS) expect(shown()).toEqual([]);
      }
      await pass(5_000);
      expect(shown()).toEqual(away.toSorted());
      expect(await model.checkSoon()).toBe(true);
      vi.restoreAllMocks();
      vi.clearAllTimers();
    }),
);
