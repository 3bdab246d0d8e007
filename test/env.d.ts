import type { Env as RollcallEnv } from "../src/server/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends RollcallEnv {}
    interface GlobalProps {
      mainModule: typeof import("../src/server/worker.ts");
    }
  }
}
