import { useEffect, useState } from "react";
import type { RoomFigures } from "../large.ts";

const EVERY_MS = 1000;

/** The figures as they were read last, and why they could not be read since. */
export interface Reading {
  figures: RoomFigures | null;
  failure: string | null;
}

async function read(): Promise<RoomFigures> {
  const response = await fetch("/demo/stats", { signal: AbortSignal.timeout(10_000) });
  const body = (await response.json()) as RoomFigures & { error?: { message: string } };
  if (response.ok) return body;
  throw new Error(body.error?.message ?? `The service answered ${response.status}.`);
}

/** The large room's figures, read again every second while the page is visible. */
export function useFigures(): Reading {
  const [reading, setReading] = useState<Reading>({ figures: null, failure: null });

  useEffect(() => {
    let timer: number | undefined;
    let isOver = false;
    async function readAgain() {
      if (document.visibilityState === "visible") {
        try {
          const figures = await read();
          if (!isOver) setReading({ figures, failure: null });
        } catch (error) {
          const failure = error instanceof Error && error.name === "Error" ? error.message : null;
          const words = failure ?? "The figures cannot be read at the moment.";
          if (!isOver) setReading(({ figures }) => ({ figures, failure: words }));
        }
      }
      if (!isOver) timer = window.setTimeout(readAgain, EVERY_MS);
    }
    void readAgain();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);

  return reading;
}
