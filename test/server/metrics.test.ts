import { afterEach, expect, it, vi } from "vitest";
import { setDataset } from "../../src/server/metrics.ts";
import { eventually } from "../worker-kit/eventually.ts";
import { readRoom } from "../worker-kit/http.ts";
import { join } from "../worker-kit/peer.ts";

afterEach(() => setDataset({ writeDataPoint() {} }));

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

it("[O4.1, S1.2] a watcher is not counted among those who come and go", async () => {
  const points: string[] = [];
  const writeDataPoint = ({ blobs = [] }: AnalyticsEngineDataPoint) =>
    void points.push(blobs.join());
  setDataset({ writeDataPoint });
  const watcher = await join("metrics-watcher", "eve", { query: "?present=false" });
  await watcher.ask({ type: "leave" });
  const member = await join("metrics-watcher", "eve");
  await member.ask({ type: "leave" });
  await eventually(() =>
    expect(points.filter((point) => !point.startsWith("fanout"))).toEqual([
      "join,metrics-watcher,,watcher",
      "leave,metrics-watcher,left,watcher",
      "join,metrics-watcher,",
      "leave,metrics-watcher,left",
    ]),
  );
});
