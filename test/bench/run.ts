/**
 * Measures Rollcall beside its peers and the floor, and writes `RESULTS.md`.
 *
 *     npm run bench -- [--only storm,read] [--rounds 1] [--quick] [--flags compatibility_flag]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { backend } from "./measures/backend.ts";
import { big } from "./measures/big.ts";
import { change } from "./measures/change.ts";
import { flapping } from "./measures/flap.ts";
import { heaps } from "./measures/heap.ts";
import { idling } from "./measures/idle.ts";
import { large } from "./measures/large.ts";
import type { Measure, Sample } from "./measures/measure.ts";
import { navigating } from "./measures/navigate.ts";
import { reading } from "./measures/read.ts";
import { rows } from "./measures/rows.ts";
import { signals } from "./measures/signals.ts";
import { storm } from "./measures/storm.ts";
import { waking } from "./measures/wake.ts";
import { windows } from "./measures/window.ts";
import { report, type Section } from "./report/report.ts";
import { figure } from "./report/table.ts";
import { summarise } from "./report/results.ts";
import { redisVersion } from "./servers/redis.ts";
import { Systems } from "./systems.ts";

const MEASURES: readonly Measure[] = [
  storm,
  change,
  flapping,
  big,
  windows,
  large,
  heaps,
  signals,
  waking,
  reading,
  idling,
  navigating,
  rows,
  backend,
];
/** After this, what has been run once is not run again. */
const ENOUGH_MS = 12 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    flags: { type: "string" },
  },
});
const only = values.only?.split(",");
const unknown = only?.filter((name) => !MEASURES.some((measure) => measure.name === name)) ?? [];
if (unknown.length > 0) {
  throw new Error(
    `There is no ${unknown.join()}; there are ${MEASURES.map(({ name }) => name).join()}.`,
  );
}

const start = performance.now();
if (redisVersion() === null) {
  console.log("There is no redis-server here: Socket.IO with its Redis adapter is left out.");
}
const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const systems = new Systems(folder, values.flags?.split(",") ?? []);

function show({ subject, system, compression, figures, note }: Sample, measure: Measure): void {
  const shown = Object.entries(figures).map(
    ([key, value]) => `${measure.figures[key]} ${value === null ? "not in time" : figure(value)}`,
  );
  const packed = compression === "yes" ? " (compressed)" : "";
  console.log(`  ${subject}: ${system}${packed}: ${shown.join("; ")}${note ? ` (${note})` : ""}`);
}

async function run(measure: Measure): Promise<Section> {
  console.log(`\n${measure.name}: ${measure.text}`);
  const samples = new Map<string, Sample[]>(measure.cases.map(({ name }) => [name, []]));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : measure.rounds));
  const failures: string[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - start > ENOUGH_MS) break;
    for (const { name, run: runCase } of measure.cases) {
      const before = samples.get(name)!;
      try {
        const found = await runCase({
          systems,
          quick: values.quick,
          before,
          found: [...samples.values()].flat(),
        });
        for (const sample of found) show(sample, measure);
        samples.set(name, [...before, ...found]);
      } catch (error) {
        failures.push(`${name}: ${String(error)}`);
        console.log(`  ${name}: failed: ${String(error)}`);
      }
    }
  }
  return { measure, results: summarise(measure, [...samples.values()].flat()), failures };
}

const sections: Section[] = [];
for (const measure of MEASURES) {
  if (!only || only.includes(measure.name)) sections.push(await run(measure));
}
const args = process.argv.slice(2);
const command = ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
const text = report(sections, command, (performance.now() - start) / 60_000);
const isWhole = !only && !values.quick && !values.flags;
console.log(`\n${text}`);
if (isWhole) writeFileSync(join(import.meta.dirname, "RESULTS.md"), text);
else console.log("This was a part: RESULTS.md stays as it was.");
process.exit();
