/** The platform's limit of an index, in bytes; a room's name is ASCII. */
const MAX_INDEX_BYTES = 96;

/** What is counted (SPEC O4); a ghost that was removed is a leave whose reason is `stale`. */
export type Metric =
  | { event: "join" | "leave" | "refused"; room: string; detail: string }
  | { event: "fanout"; room: string; sockets: number; waitedMs: number; length: number };

/** The columns of a metric: their positions never change, new ones come at the end. */
function dataPointOf(metric: Metric): AnalyticsEngineDataPoint {
  const { event, room } = metric;
  const isFanout = event === "fanout";
  return {
    indexes: [room.slice(0, MAX_INDEX_BYTES)],
    blobs: [event, room, isFanout ? "" : metric.detail],
    doubles: isFanout ? [metric.sockets, metric.waitedMs, metric.length] : [1, 0, 0],
  };
}

let dataset: AnalyticsEngineDataset | null = null;

/** Sets where the metrics of this isolate go; its configuration does. */
export function setDataset(bound: AnalyticsEngineDataset): void {
  dataset = bound;
}

/**
 * Writes a metric where a dataset is bound; without one nothing is done. It never fails: presence
 * does not depend on being measured.
 *
 * @example
 * measure({ event: "join", room: "lobby" });
 */
export function measure(metric: Metric): void {
  if (dataset === null) return;
  try {
    dataset.writeDataPoint(dataPointOf(metric));
  } catch {
    // The platform takes a bounded number of points in an event.
  }
}
