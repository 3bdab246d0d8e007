import { expect, it, vi } from "vitest";
import { setDataset } from "../../src/server/metrics.ts";
import { readRoom } from "../worker-kit/http.ts";
import { join } from "../worker-kit/peer.ts";

it("[O4.2] a metric that cannot be written is dropped, and changes nothing", async () => {
  const writeDataPoint = vi.fn(() => {
    throw new Error("too many points");
  });
  setDataset({ writeDataPoint });
  const [ada, bob] = [await join("metrics", "ada"), await join("metrics", "bob")];
  await ada.ask({ type: "update", status: "busy" });
  await bob.news();
  expect(writeDataPoint).toHaveBeenCalled();
  expect(bob.roll?.members).toEqual((await readRoom("metrics")).members);
});
