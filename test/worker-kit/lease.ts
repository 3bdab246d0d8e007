import type { Delta, Self, Snapshot } from "../../src/protocol/messages.ts";
import { ask } from "./http.ts";
import { signIn } from "./sign-in.ts";

/** The answer of `PUT /rooms/:room/me`. */
export interface LeaseAnswer {
  lease: string;
  expiresAt: string;
  self: Self;
  state: Snapshot | Delta;
}

/** Asks for a lease with a body as it is, and with the headers given in place of a credential. */
export function put(
  room: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask(`/rooms/${room}/me`, { method: "PUT", headers, body: text });
}

/** Creates or renews a user's lease. */
export async function hold(
  room: string,
  user: string,
  body: object = {},
  claims: Parameters<typeof signIn>[1] = {},
): Promise<LeaseAnswer> {
  const answer = await put(room, body, { Authorization: `Bearer ${await signIn(user, claims)}` });
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Ends a lease like `navigator.sendBeacon`: without headers except a plain content type. */
export function giveUp(
  room: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return ask(`/rooms/${room}/me/leave`, {
    method: "POST",
    headers: { "Content-Type": "text/plain;charset=UTF-8", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
