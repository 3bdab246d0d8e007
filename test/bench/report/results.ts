import { median, type Measure, type Sample } from "../measures/measure.ts";
import { figure, table } from "./table.ts";

/** All samples of one subject, system and compression, and the medians of their figures. */
export interface Result {
  measure: string;
  subject: string;
  system: string;
  compression: Sample["compression"];
  /** `null` if a run did not get there in time. */
  figures: Record<string, number | null>;
  runs: number;
  notes: string[];
}

export function summarise(measure: Measure, samples: readonly Sample[]): Result[] {
  const groups = Map.groupBy(samples, ({ subject, system, compression }) =>
    [subject, system, compression].join("|"),
  );
  return [...groups.values()].map((group) => {
    const [{ subject, system, compression }] = group as [Sample];
    const keys = Object.keys(measure.figures).filter((key) => key in group[0]!.figures);
    const figures = keys.map((key) => {
      const values = group.map((sample) => sample.figures[key] ?? null);
      const reached = values.filter((value) => value !== null);
      return [key, reached.length < values.length ? null : median(reached)] as const;
    });
    const notes = [...new Set(group.flatMap(({ note }) => note ?? []))];
    return {
      measure: measure.name,
      subject,
      system,
      compression,
      figures: Object.fromEntries(figures),
      runs: group.length,
      notes,
    };
  });
}

/** One measure's results, each subject's systems together. */
export function resultTable(measure: Measure, results: readonly Result[]): string {
  const keys = Object.keys(measure.figures);
  const hasCompression = results.some(({ compression }) => compression !== undefined);
  const bySubject = Map.groupBy(results, ({ subject }) => subject);
  const lines = [...bySubject.values()].flat().map((result) => {
    const cells = keys.map((key) => {
      const value = result.figures[key];
      if (value === undefined) return "";
      return value === null ? "not in time" : figure(value);
    });
    const compression = hasCompression ? [result.compression ?? ""] : [];
    const note = result.notes.join("; ");
    return [result.subject, result.system, ...compression, ...cells, String(result.runs), note];
  });
  const titles = Object.values(measure.figures);
  const header = [
    "case",
    "system",
    ...(hasCompression ? ["compressed"] : []),
    ...titles,
    "runs",
    "note",
  ];
  return table(header, lines);
}
