/** The production Worker, but that a user's object stores and checks nothing: the least that an admission can take. */
import { DurableObject } from "cloudflare:workers";
import type { Admission } from "../../../src/server/session/room-session.ts";

export { default } from "../../../src/server/worker.ts";
export { Directory, Hub, Room } from "../../../src/server/index.ts";

export class User extends DurableObject {
  #clock = 0;

  admit(): Admission {
    this.#clock = Math.max(Date.now(), this.#clock + 1);
    return { stamp: this.#clock, at: this.#clock };
  }

  left(): void {}
}
