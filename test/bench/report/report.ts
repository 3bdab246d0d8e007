import type { Measure } from "../measures/measure.ts";
import { costTable } from "./cost.ts";
import { Lookup } from "./lookup.ts";
import { describeMachine } from "./machine.ts";
import { resultTable, type Result } from "./results.ts";
import { targetTable } from "./targets.ts";

/** One measure with its results. */
export interface Section {
  measure: Measure;
  results: Result[];
  failures: string[];
}

/** All results, as Markdown. */
export function report(sections: readonly Section[], command: string, minutes: number): string {
  const lookup = new Lookup(sections.flatMap(({ results }) => results));
  const facts = [
    `date: ${new Date().toISOString().slice(0, 10)}`,
    `command: \`${command}\`, ${minutes.toFixed(1)} minutes`,
    ...describeMachine(),
  ];
  const parts = sections.map(({ measure, results, failures }) =>
    [
      `## ${measure.name}`,
      measure.text,
      resultTable(measure, results),
      ...failures.map((failure) => `Failed: ${failure}`),
    ].join("\n\n"),
  );
  return `${[
    "# What it costs, measured",
    facts.map((fact) => `- ${fact}`).join("\n"),
    "Medians of the runs. Every server runs alone on the machine with the load generator; all Workers run on workerd with their state on disk. `compressed`: whether permessage-deflate was negotiated; `refused` is offered in vain, `no` not offered. What exactly is timed stands in `measures/`.",
    "## What is to be shown",
    targetTable(lookup),
    "## Cost",
    costTable(lookup),
    ...parts,
  ].join("\n\n")}\n`;
}
