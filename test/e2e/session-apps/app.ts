import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Jar } from "./jar.ts";

/** An app that has been started. */
export interface RunningApp {
  url: string;
  stop(): void;
}

/** An app, how to sign in and out there, and the settings from its page. */
export interface App {
  framework: string;
  version: string;
  start(): Promise<RunningApp>;
  signIn(jar: Jar, url: string): Promise<void>;
  signOut(jar: Jar, url: string): Promise<void>;
  vars(url: string): Record<string, string>;
  /** Cookies of the app that are no part of the session. */
  otherCookies?: readonly string[];
  /** The session's id, by which it can be revoked alone; absent where the session has none. */
  sessionId?(jar: Jar, url: string): Promise<string> | string;
  /** Whether a copy of the cookie is refused soon after its user signed out. */
  endsCopies: boolean;
}

export const NAME = "Ada Lovelace";
export const PASSWORD = "correct horse";
export const ADA = { id: "ada", name: NAME, image: "/ada.png" };
export const SECRET = "a secret of the app for tests only";

/** Serves an app that runs in this process. */
export async function serve(listener: RequestListener): Promise<RunningApp> {
  const http = createServer(listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    stop() {
      http.closeAllConnections();
      http.close();
    },
  };
}
