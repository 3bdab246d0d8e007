import type { Server } from "./server.ts";

interface Target {
  /** The Worker's name. */
  id: string;
  webSocketDebuggerUrl: string;
}

interface HeapUsage {
  usedSize: number;
  backingStorageSize?: number;
}

/**
 * Reads the JavaScript heap of each Worker of a workerd that has an inspector, after a collection: in
 * megabytes, with what array buffers have outside it, by the Workers' names.
 */
export async function megabytes({ inspectorPort }: Server): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const targets = (await response.json()) as Target[];
  const heaps = new Map<string, number>();
  for (const { id, webSocketDebuggerUrl } of targets) {
    heaps.set(id, await readHeap(webSocketDebuggerUrl));
  }
  return heaps;
}

async function readHeap(url: string): Promise<number> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  try {
    // The inspector keeps what was logged, for who opens a console.
    await ask(socket, "Runtime.discardConsoleEntries");
    // workerd never runs what `collectGarbage` posts; to begin tracking collects at once. What finalizers
    // release is collected by the second.
    for (let time = 0; time < 2; time++) {
      await ask(socket, "HeapProfiler.enable");
      await ask(socket, "HeapProfiler.startTrackingHeapObjects", { trackAllocations: false });
      await ask(socket, "HeapProfiler.disable");
    }
    const usage = await ask<HeapUsage>(socket, "Runtime.getHeapUsage");
    return (usage.usedSize + (usage.backingStorageSize ?? 0)) / 1e6;
  } finally {
    socket.close();
  }
}

let asked = 0;

function ask<Result>(socket: WebSocket, method: string, params: object = {}): Promise<Result> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    const take = ({ data }: MessageEvent<string>) => {
      const answer = JSON.parse(data) as { id?: number; result: Result; error?: unknown };
      if (answer.id !== id) return;
      socket.removeEventListener("message", take);
      if (answer.error === undefined) resolve(answer.result);
      else reject(new Error(JSON.stringify(answer.error)));
    };
    socket.addEventListener("message", take);
    socket.addEventListener("close", () => reject(new Error("The inspector closed.")), {
      once: true,
    });
    socket.send(JSON.stringify({ id, method, params }));
  });
}
