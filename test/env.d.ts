declare namespace Cloudflare {
  interface Env extends import("../src/server/config.ts").Env {}
  interface GlobalProps {
    mainModule: typeof import("../src/server/worker.ts");
  }
}
