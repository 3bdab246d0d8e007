import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Call } from "./crowd-process.ts";
import type { WindowCrowd } from "./window-crowd.ts";

type Method = keyof WindowCrowd;

/** A crowd in a process of its own. */
export class RemoteCrowd {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #called = 0;

  private constructor() {
    this.#child = fork(join(import.meta.dirname, "crowd-process.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#child.on("message", (answer: Answer) => {
      this.#calls.get(answer.call)?.(answer);
      this.#calls.delete(answer.call);
    });
    this.#child.once("exit", (code) => {
      for (const [call, settle] of this.#calls) settle({ call, error: `it ended: ${code}` });
    });
  }

  static async gather(options: Parameters<typeof WindowCrowd.gather>[0]): Promise<RemoteCrowd> {
    const crowd = new RemoteCrowd();
    await crowd.#send("gather", [options]);
    return crowd;
  }

  /** Calls a method of the crowd. */
  call<Name extends Method>(
    method: Name,
    ...args: Parameters<WindowCrowd[Name]>
  ): Promise<Awaited<ReturnType<WindowCrowd[Name]>>> {
    return this.#send(method, args) as never;
  }

  dismiss(): void {
    this.#child.kill("SIGKILL");
  }

  #send(method: string, args: unknown[]): Promise<unknown> {
    const call = ++this.#called;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, (answer) => {
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.result);
      });
      this.#child.send({ call, method, args } satisfies Call);
    });
  }
}
