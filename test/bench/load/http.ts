import { connect } from "node:net";
import { nowMs } from "./clock.ts";

export interface Load {
  port: number;
  path: string;
  headers: readonly string[];
  /** Connections, each with one request under way. */
  connections: number;
  ms: number;
}

export interface Answered {
  perSecond: number;
  /** By status code. */
  statuses: Record<string, number>;
  /** Of the last answer. */
  bodyBytes: number;
}

const END = "\r\n\r\n";

/** Sends the same GET again and again, over connections that are kept. */
export async function loadHttp(load: Load): Promise<Answered> {
  const until = nowMs() + load.ms;
  const answered: Answered = { perSecond: 0, statuses: {}, bodyBytes: 0 };
  const start = nowMs();
  const counts = await Promise.all(
    Array.from({ length: load.connections }, () => askUntil(load, until, answered)),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  answered.perSecond = (total * 1000) / (nowMs() - start);
  return answered;
}

function askUntil(
  { port, path, headers }: Load,
  until: number,
  answered: Answered,
): Promise<number> {
  const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers];
  const text = lines.join("\r\n") + END;
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let count = 0;
    let pending = "";
    const ask = () => {
      if (nowMs() < until) return socket.write(text);
      socket.destroy();
      return resolve(count);
    };
    socket.setEncoding("latin1");
    socket.on("connect", ask);
    socket.on("error", reject);
    socket.on("data", (chunk: string) => {
      pending += chunk;
      const end = pending.indexOf(END);
      if (end < 0) return;
      const head = pending.slice(0, end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (pending.length < end + END.length + length) return;
      pending = "";
      count++;
      const status = head.slice(9, 12);
      answered.statuses[status] = (answered.statuses[status] ?? 0) + 1;
      answered.bodyBytes = length;
      ask();
    });
  });
}
