/** The platform's limit of an index, in bytes; a room's name is ASCII. */
const MAX_INDEX_BYTES = 96;

/**
 * What is counted (SPEC O4). `joins`, `leaves` and `refusals` are one each unless `count` says more;
 * a ghost removed is a leave whose reason is `stale`.
 */
export type Metric =
  | { event: "join"; room: string }
  | { event: "leave"; room: string; reason: string; count?: number }
  | { event: "refused"; room?: string | undefined; code: string }
  | { event: "fanout"; room: string; sockets: number; bytes: number; waitedMs: number };

/** The columns of a metric: their positions never change, new ones come at the end. */
function dataPointOf(metric: Metric): AnalyticsEngineDataPoint {
  const { event, room = "" } = metric;
  const point = (detail: string, count: number, waitedMs = 0, bytes = 0) => ({
    indexes: [room.slice(0, MAX_INDEX_BYTES)],
    blobs: [event, room, detail],
    doubles: [count, waitedMs, bytes],
  });
  switch (metric.event) {
    case "join":
      return point("", 1);
    case "leave":
      return point(metric.reason, metric.count ?? 1);
    case "refused":
      return point(metric.code, 1);
    case "fanout":
      return point("", metric.sockets, metric.waitedMs, metric.bytes);
    default:
      return metric satisfies never;
  }
}

/**
 * Writes a metric where a dataset is bound; without one nothing is done. It never fails: presence
 * does not depend on being measured.
 *
 * @example
 * measure(config.metrics, { event: "join", room: "lobby" });
 */
export function measure(dataset: AnalyticsEngineDataset | null, metric: Metric): void {
  if (dataset === null) return;
  try {
    dataset.writeDataPoint(dataPointOf(metric));
  } catch {
    // One point too many in an event is dropped.
  }
}
