import type { Lookup } from "./lookup.ts";
import { figure } from "./table.ts";
import { atMost, over, type Target } from "./target.ts";

/** What a server key may add to a join. */
export function backendTargets(lookup: Lookup): Target[] {
  const find = (subject: string, key: string) => lookup.figure("backend", subject, "Rollcall", key);
  const storm = (name: string, key: string) => find(`600 join, ${name}`, key);
  return [
    {
      what: "server key: rows of an admission, first join",
      target: "2",
      measured: find("first join, server key", "userRows"),
      met: atMost(2),
    },
    {
      what: "server key: rows of an admission, another tab",
      target: "0",
      measured: find("another tab, server key", "userRows"),
      met: atMost(0),
    },
    {
      what: "server key: CPU a join",
      target: "1 ms",
      measured: storm("server key", "cpuPerJoin"),
      shown: (value) => `${figure(value)} ms`,
      met: atMost(1),
    },
    {
      what: "server key: storm of 600 by the one without",
      target: "at most 2.2",
      measured: over(storm("server key", "seconds"), storm("neither", "seconds")),
      met: atMost(2.2),
    },
  ];
}
