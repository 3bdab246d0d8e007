import { backendTargets } from "./backend-targets.ts";
import type { Lookup } from "./lookup.ts";
import { largeTargets, windowTargets } from "./large-targets.ts";
import { figure, table } from "./table.ts";
import { atLeast, atMost, over, type Target } from "./target.ts";

const times = (measured: number) => `${figure(measured)} times`;

/** Compared as browsers connect: each system with what it negotiates when compression is offered. */
export function targets(lookup: Lookup): Target[] {
  const find = lookup.figure.bind(lookup);
  const storm = (size: string, system: string, key: string, parse = "") =>
    find("storm", `${size} join${parse}`, system, key, true);
  const parsed = ", clients parse";
  const quiet = (system: string, key: string) =>
    find("change", "quiet room of 1000", system, key, true);
  const busy = (system: string, key: string) =>
    find("change", "200/s in a room of 1000", system, key, true);
  const bigOf = (system: string, key: string) => find("big", "", system, key, true);
  const reads = (subject: string) =>
    over(
      find("read", subject, "Rollcall", "perSecond"),
      find("read", "bare", "floor", "perSecond"),
    );
  const peers = ["PartyServer", "ws", "SocketCluster", "Socket.IO"];
  const cheapest = peers
    .map((system) => busy(system, "cpuPerChange"))
    .filter((value) => typeof value === "number");
  const row = (subject: string) => find("rows", subject, "Rollcall", "rows");
  const pointing = (system: string, key: string) => find("signals", "30 people", system, key);
  const idle = (key: string) => find("idle", "room of 100,", "Rollcall", key);
  const one = (what: string, subject: string, most: number): Target => ({
    what: `rows, ${what}`,
    target: `${most}`,
    measured: row(subject),
    met: (value) => value <= most,
  });
  return [
    {
      what: "storm, 600: time, Socket.IO's by ours (clients parse what they get)",
      target: "40 times faster",
      measured: over(
        storm("600", "Socket.IO", "seconds", parsed),
        storm("600", "Rollcall", "seconds", parsed),
      ),
      shown: times,
      met: atLeast(40),
    },
    {
      what: "storm, 600: time, Socket.IO's by ours (clients look at lengths only)",
      target: "40 times faster",
      measured: over(storm("600", "Socket.IO", "seconds"), storm("600", "Rollcall", "seconds")),
      shown: times,
      met: atLeast(40),
    },
    {
      what: "storm, 600: bytes, ours by Socket.IO's",
      target: "1/100",
      measured: over(storm("600", "Socket.IO", "megabytes"), storm("600", "Rollcall", "megabytes")),
      shown: (value) => `1/${figure(value)}`,
      met: atLeast(100),
    },
    {
      what: "storm, 1,000: time, PartyServer's by ours",
      target: "12 times faster",
      measured: over(storm("1000", "PartyServer", "seconds"), storm("1000", "Rollcall", "seconds")),
      shown: times,
      met: atLeast(12),
    },
    {
      what: "storm, 1,000: CPU, ours by PartyServer's",
      target: "1/12",
      measured: over(
        storm("1000", "PartyServer", "cpuSeconds"),
        storm("1000", "Rollcall", "cpuSeconds"),
      ),
      shown: (value) => `1/${figure(value)}`,
      met: atLeast(12),
    },
    {
      what: "change in a quiet room of 1,000: p50 by the floor's",
      target: "at most 1.15",
      measured: over(quiet("Rollcall", "p50"), quiet("floor", "p50")),
      met: atMost(1.15),
    },
    {
      what: "change in a quiet room of 1,000: CPU by the floor's",
      target: "at most 1.15",
      measured: over(quiet("Rollcall", "cpuPerChange"), quiet("floor", "cpuPerChange")),
      met: atMost(1.15),
    },
    {
      what: "200 changes a second: the longest until every client has it",
      target: "1,000 ms",
      measured: busy("Rollcall", "most"),
      shown: (value) => `${figure(value)} ms`,
      met: atMost(1_000),
    },
    {
      what: "200 changes a second: CPU, ours by the cheapest peer's",
      target: "1/5",
      measured: over(
        cheapest.length > 0 ? Math.min(...cheapest) : undefined,
        busy("Rollcall", "cpuPerChange"),
      ),
      shown: (value) => `1/${figure(value)}`,
      met: atLeast(5),
    },
    {
      what: "flap of 1,000: messages to others",
      target: "0",
      measured: find("flap", "1000 reload", "Rollcall", "messagesToOthers"),
      met: atMost(0),
    },
    {
      what: "flap of 1,000: rows written each, alarms among them",
      target: "at most 3",
      measured: (() => {
        const written = row("1000 reload");
        const alarms = find("rows", "1000 reload", "Rollcall", "alarmsSet");
        return typeof written === "number" && typeof alarms === "number"
          ? written + alarms
          : undefined;
      })(),
      met: atMost(3),
    },
    {
      what: "big: joined and converged, of 10,000",
      target: "10,000",
      measured: bigOf("Rollcall", "seconds") === null ? null : bigOf("Rollcall", "joined"),
      met: atLeast(10_000),
    },
    {
      what: "big: a change by the floor's",
      target: "at most 1.3",
      measured: over(bigOf("Rollcall", "p50"), bigOf("floor", "p50")),
      met: atMost(1.3),
    },
    {
      what: "big: memory a connection",
      target: "20 KB",
      measured: bigOf("Rollcall", "kibEach"),
      shown: (value) => `${figure(value)} KiB`,
      met: (value) => value * 1.024 <= 20,
    },
    ...windowTargets(lookup),
    ...largeTargets(lookup),
    {
      what: "signals of 30 people, 30 a second each: CPU a delivered place, by PartyServer's",
      target: "at most 0.5",
      measured: over(pointing("Rollcall", "cpuMicros"), pointing("PartyServer", "cpuMicros")),
      met: atMost(0.5),
    },
    {
      what: "signals of 30 people: from one page to another, p95",
      target: "70 ms",
      measured: pointing("Rollcall", "p95"),
      shown: (value) => `${figure(value)} ms`,
      met: atMost(70),
    },
    {
      what: "read, fresh, by the bare fetch",
      target: "at least 0.8",
      measured: reads("fresh"),
      met: atLeast(0.8),
    },
    {
      what: "read, 304, by the bare fetch",
      target: "at least 0.95",
      measured: reads("If-None-Match"),
      met: atLeast(0.95),
    },
    {
      what: "idle hour of a room of 100: alarms",
      target: "at most 130",
      measured: idle("alarms"),
      met: atMost(130),
    },
    { what: "idle: other wakes", target: "0", measured: idle("otherWakes"), met: atMost(0) },
    {
      what: "idle: rows an alarm",
      target: "at most 1",
      measured: idle("rowsPerAlarm"),
      met: atMost(1),
    },
    one("first join", "first join", 1),
    one("another tab", "another tab", 1),
    one("status change", "status change", 1),
    one("leave", "leave", 1),
    one("heartbeat", "heartbeat", 0),
    one("probe", "probe", 0),
    ...backendTargets(lookup),
  ];
}

export function targetTable(lookup: Lookup): string {
  const lines = targets(lookup).map(({ what, target, measured, shown = figure, met }) => {
    if (measured === undefined) return [what, target, "not measured", ""];
    if (measured === null) return [what, target, "not in time", "see above"];
    return [what, target, shown(measured), met(measured) ? "yes" : "**no**"];
  });
  return table(["to be shown", "target", "measured", "met"], lines);
}
