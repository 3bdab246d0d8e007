import { expect, it, vi } from "vitest";
import { inParallel } from "../../src/server/platform/in-parallel.ts";
import { within } from "../../src/server/platform/time-limit.ts";

it("[B6.3] of what goes on in parallel no failure costs the others anything, and each has its place", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([3, 1, 4, 1, 5, 9, 2, 6], 3, async (number) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (number === 1) throw new Error("one");
    return number * 2;
  });
  expect(most).toBe(3);
  expect(
    results.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
  ).toEqual([6, "Error: one", 8, "Error: one", 10, 18, 4, 12]);
  expect(await inParallel([], 3, async () => 1)).toEqual([]);
});

it("[B8.1] what does not answer in time is given up, and a late answer or failure harms nothing", async () => {
  const clear = vi.spyOn(globalThis, "clearTimeout");
  expect(await within(60_000, async () => "in time")).toBe("in time");
  await expect(within(60_000, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(clear).toHaveBeenCalledTimes(2);
  const late = Promise.withResolvers<string>();
  const given = within(5, () => late.promise);
  await expect(given).rejects.toThrow("no answer within 5 ms");
  late.reject(new Error("late"));
  const call = vi.fn<() => Promise<void>>();
  await expect(within(0, call)).rejects.toThrow("no time left to ask");
  expect(call).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});
