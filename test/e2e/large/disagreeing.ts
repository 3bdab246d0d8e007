import { Windows, type Truth } from "./truth.ts";
import type { WindowClient } from "./window-client.ts";

/** The windows that do not show what the room answers, each with something that differs. */
export function disagreeing(clients: readonly WindowClient[], truth: Truth): string[] {
  const { epoch, version, online, connections } = truth;
  const windows = new Windows(truth);
  return clients.flatMap(({ page, replica }) => {
    const counts = [replica?.epoch, replica?.online, replica?.connections];
    if (JSON.stringify(counts) !== JSON.stringify([epoch, online, connections])) {
      return [`${page.user} holds ${JSON.stringify(counts)}`];
    }
    if (replica!.version > version) return [`${page.user} holds version ${replica!.version}`];
    const wanted = windows.of(page.watched);
    const at = wanted.findIndex((member, index) => {
      return JSON.stringify(member) !== JSON.stringify(replica!.members[index]);
    });
    if (at < 0 && replica!.members.length === wanted.length) return [];
    return [`${page.user} holds ${JSON.stringify(replica!.members[Math.max(0, at)])}`];
  });
}
