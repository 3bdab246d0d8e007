/** The platform's limit of an index, in bytes; a room's name is ASCII. */
const MAX_INDEX_BYTES = 96;

/** A data point (SPEC O4); a removed ghost is a leave with the reason `stale`. */
export type Metric =
  | { event: "join" | "leave" | "refused"; room: string; detail: string; isWatcher: boolean }
  | { event: "fanout"; room: string; sockets: number; waitedMs: number; length: number };

/** The columns of a metric: their positions never change, and new ones are added at the end. */
function dataPointOf(metric: Metric): AnalyticsEngineDataPoint {
  const { event, room } = metric;
  const isFanout = event === "fanout";
  const isWatcher = !isFanout && metric.isWatcher;
  return {
    indexes: [room.slice(0, MAX_INDEX_BYTES)],
    blobs: [event, room, isFanout ? "" : metric.detail, ...(isWatcher ? ["watcher"] : [])],
    doubles: isFanout ? [metric.sockets, metric.waitedMs, metric.length] : [1, 0, 0],
  };
}

let dataset: AnalyticsEngineDataset | null = null;

/** Sets the dataset of this isolate. */
export function setDataset(bound: AnalyticsEngineDataset): void {
  dataset = bound;
}

/**
 * Writes a metric, if a dataset is bound. It never fails: presence does not depend on metrics.
 *
 * @example
 * measure({ event: "join", room: "lobby", detail: "", isWatcher: false });
 */
export function measure(metric: Metric): void {
  if (dataset === null) return;
  try {
    dataset.writeDataPoint(dataPointOf(metric));
  } catch {
    // The platform limits the number of points in one event.
  }
}
