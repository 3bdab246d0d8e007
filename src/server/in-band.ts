import * as v from "valibot";
import { CLOSE } from "../protocol/close-codes.ts";
import { fitsBytes, MAX_FRAME_BYTES } from "../protocol/client-frame.ts";
import { PING, SIGN_IN_SECONDS } from "../protocol/messages.ts";
import { closeCodeOf, type ErrorCode } from "./errors.ts";
import { closeSocket } from "./room/connection.ts";

const authSchema = v.pipe(
  v.string(),
  v.check((text) => fitsBytes(text, MAX_FRAME_BYTES)),
  v.parseJson(),
  v.object({ type: v.literal("auth"), token: v.string() }),
);

/** A client that does not wait for its welcome may send this many frames before it. */
const MAX_EARLY_FRAMES = 20;

/** Opens the way into the room for a token, or `null` where none came in time: its socket, or why not. */
export type Enter = (token: string | null) => Promise<WebSocket | ErrorCode>;

/**
 * Answers an upgrade without a credential: the socket ends here in the Worker, so that nobody
 * reaches a room who has not signed in, and is joined to the room's after a good token (SPEC T2).
 */
export function openInBand(enter: Enter): Response {
  const { 0: client, 1: outer } = new WebSocketPair();
  const frames: (string | ArrayBuffer)[] = [];
  let take = (frame: string | ArrayBuffer): void => void frames.push(frame);
  let isOpen = true;

  async function signIn(token: string | null): Promise<void> {
    take = (frame) => {
      if (frames.push(frame) > MAX_EARLY_FRAMES) end("bad_message");
    };
    const inner = await enter(token);
    if (typeof inner === "string") return end(inner);
    inner.accept();
    pass(inner, outer);
    for (const frame of frames) send(inner, frame);
    take = (frame) => send(inner, frame);
    if (isOpen) outer.addEventListener("close", (event) => passClose(event, inner));
    else closeSocket(inner, CLOSE.fault, "");
  }

  function end(code: ErrorCode): void {
    closeSocket(outer, closeCodeOf(code), code);
  }

  const timer = setTimeout(() => void signIn(null), SIGN_IN_SECONDS * 1000);
  take = (frame) => {
    if (frame === PING) return;
    clearTimeout(timer);
    const auth = v.safeParse(authSchema, frame);
    if (auth.success) void signIn(auth.output.token);
    else end("bad_message");
  };
  outer.addEventListener("message", ({ data }) => take(data as string | ArrayBuffer));
  outer.addEventListener("close", ({ code, reason }) => {
    isOpen = false;
    clearTimeout(timer);
    closeSocket(outer, code, reason);
  });
  outer.accept();
  outer.send(JSON.stringify({ type: "authenticate", within: SIGN_IN_SECONDS }));
  return new Response(null, { status: 101, webSocket: client });
}

/** Passes on what the room says, its close included. */
function pass(from: WebSocket, to: WebSocket): void {
  from.addEventListener("message", ({ data }) => send(to, data as string | ArrayBuffer));
  from.addEventListener("close", (event) => {
    passClose(event, to);
    closeSocket(from, event.code, event.reason);
  });
}

/** A loss is passed on as a fault: to the room it must not look like a goodbye (SPEC L4). */
function passClose({ code, reason }: CloseEvent, to: WebSocket): void {
  closeSocket(to, code, reason, CLOSE.fault);
}

function send(to: WebSocket, frame: string | ArrayBuffer): void {
  try {
    to.send(frame);
  } catch {
    // It is closing; its close event tells the other side.
  }
}
