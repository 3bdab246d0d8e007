import type { Lookup } from "./lookup.ts";
import { figure } from "./table.ts";
import { atLeast, atMost, over, type Target } from "./target.ts";

const unit = (name: string) => (value: number) => `${figure(value)} ${name}`;

/** Of windows on a room of 3,000. */
export function windowTargets(lookup: Lookup): Target[] {
  const seen = (what: string, key: string, system = "Rollcall") =>
    lookup.figure("window", `${what}, 1000 in`, system, key);
  return [
    {
      what: "window of 50 of 3,000, 200 changes a second: bytes by the whole room's",
      target: "1/20",
      measured: over(seen("whole room", "kilobytes"), seen("window of 50", "kilobytes")),
      shown: (value) => `1/${figure(value)}`,
      met: atLeast(20),
    },
    {
      what: "window of 50 of 3,000: CPU by the floor's for the same deliveries and changes",
      target: "at most 1.5",
      measured: over(
        seen("window of 50", "cpuSeconds"),
        seen("window of 50", "cpuSeconds", "floor with changes"),
      ),
      met: atMost(1.5),
    },
    {
      what: "window of 50 of 3,000: CPU by the floor's for the same deliveries alone",
      target: "at most 1.5",
      measured: over(
        seen("window of 50", "cpuSeconds"),
        seen("window of 50", "cpuSeconds", "floor"),
      ),
      met: atMost(1.5),
    },
    {
      what: "window of 50 of 3,000: until all who watch have a change, p95",
      target: "1,200 ms",
      measured: seen("window of 50", "p95"),
      shown: unit("ms"),
      met: atMost(1_200),
    },
    {
      what: "joining a room of 9,900 with a window and 50 watched: received",
      target: "12 KB",
      measured: lookup.figure("window", "join, window of 20", "Rollcall", "kilobytes"),
      shown: unit("KB"),
      met: atMost(12),
    },
  ];
}

/** Of a large room of 16 shards. */
export function largeTargets(lookup: Lookup): Target[] {
  const find = (subject: string, key: string) => lookup.figure("large", subject, "Rollcall", key);
  const room = (key: string) => find("room of 100000", key);
  return [
    {
      what: "large room of 100,000: heap of a shard with 6,250 sockets and a copy",
      target: "70 MB",
      measured: find("a shard of it, 6250 sockets", "heap"),
      shown: unit("MB"),
      met: atMost(70),
    },
    {
      what: "large room of 100,000: heap of the hub",
      target: "50 MB",
      measured: find("its hub", "heap"),
      shown: unit("MB"),
      met: atMost(50),
    },
    {
      what: "large room, 512 changes a second: CPU of the hub, with what stands in for shards",
      target: "10 % of a core",
      measured: find("hub and 16 stand-ins", "cpuShare"),
      shown: unit("%"),
      met: atMost(10),
    },
    {
      what: "large room, 512 changes a second: until all shards have one, p95",
      target: "2,000 ms",
      measured: room("p95"),
      shown: unit("ms"),
      met: atMost(2_000),
    },
    {
      what: "large room, quiet: calls a minute a shard",
      target: "4",
      measured: room("quietCalls"),
      met: atMost(4),
    },
  ];
}
