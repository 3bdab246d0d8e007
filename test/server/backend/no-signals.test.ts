import { expect, it } from "vitest";
import { join, welcomeOf } from "../../worker-kit/peer.ts";
import { framesOf, settle } from "../../worker-kit/window.ts";

it("[G1.5] without SIGNALS=true a signal is an unknown frame, and nobody hears it", async () => {
  const ada = await join("no-signals", "ada");
  const bob = await join("no-signals", "bob");
  expect(welcomeOf(ada)).not.toHaveProperty("signals");
  ada.send({ type: "signal", name: "cursor", id: "s" });
  expect(await ada.untilType("error")).toMatchObject({ code: "bad_message", id: "s" });
  await settle(bob);
  expect(framesOf(bob, "signals")).toEqual([]);
});
