export type Value = number | null | undefined;

/** One target: what was measured, and whether it is enough. */
export interface Target {
  what: string;
  target: string;
  measured: Value;
  /** As it is shown; the figure itself if absent. */
  shown?: (measured: number) => string;
  met: (measured: number) => boolean;
}

export const over = (above: Value, below: Value): Value => {
  if (above === undefined || below === undefined) return undefined;
  return above === null || below === null ? null : above / below;
};

export const atLeast = (least: number) => (value: number) => value >= least;
export const atMost = (most: number) => (value: number) => value <= most;
