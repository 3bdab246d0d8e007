import type { CrewOptions } from "../load/crew.ts";
import { withCrew } from "./measure.ts";

const SIZE = 50;
const BOUND_MS = 20_000;

/** A small storm in another room, so that the server's code is compiled when it is measured. */
export async function warmUp(
  common: Pick<CrewOptions, "system" | "port" | "secret" | "offersDeflate">,
): Promise<void> {
  // SocketCluster's one channel is one room: those who warm it up would be seen in it.
  if (common.system === "SocketCluster") return;
  const room = { ...common, room: "warm-up", size: SIZE, silent: false };
  for (let time = 0; time < 2; time++) {
    await withCrew(room, async (crew) => {
      await crew.connect(BOUND_MS);
      await crew.knows(SIZE, BOUND_MS);
    });
  }
}
