import * as v from "valibot";
import { CLOSE } from "../../protocol/close-codes.ts";
import { fitsBytes, MAX_LONG_FRAME_BYTES } from "../../protocol/client-frame.ts";
import { PING, SIGN_IN_SECONDS } from "../../protocol/messages.ts";
import { EarlyFrames, toRoomFrame } from "./early-frames.ts";
import { Forwarder } from "./forwarder.ts";
import { closeCodeOf, type ErrorCode } from "../errors.ts";
import { closeSocket } from "../platform/close-socket.ts";

const authSchema = v.pipe(
  v.string(),
  v.check((text) => fitsBytes(text, MAX_LONG_FRAME_BYTES)),
  v.parseJson(),
  v.object({ type: v.literal("auth"), token: v.string() }),
);

/**
 * Joins the room with a token (`null` if none arrived in time). Returns the room's socket, or the
 * error code. `isWanted` returns whether the peer is still connected and was not refused meanwhile.
 */
export type Enter = (
  token: string | null,
  isWanted: () => boolean,
) => Promise<WebSocket | ErrorCode>;

/**
 * Answers an upgrade without a credential: the socket ends here in the Worker, so that no one
 * reaches a room before signing in. After a good token, it is connected to the room's socket (SPEC
 * T2).
 */
export function openInBand(enter: Enter): Response {
  const { 0: client, 1: outer } = new WebSocketPair();
  const early = new EarlyFrames();
  let ending: { code: number; reason: string } | null = null;
  let take: (frame: unknown) => void;

  async function signIn(token: string | null): Promise<void> {
    take = (frame) => {
      if (!early.keep(frame)) refuse("bad_message");
    };
    const inner = await enter(token, () => ending === null);
    if (typeof inner === "string") return refuse(inner);
    inner.accept();
    if (ending !== null) return passClose(ending, inner);
    const forwarder = new Forwarder((frame) => send(inner, frame));
    pass(inner, outer, forwarder, stopHearing);
    for (const frame of early.release()) forwarder.forward(frame);
    take = (frame) => forwarder.forward(toRoomFrame(frame));
    outer.addEventListener("close", (event) => passClose(event, inner));
  }

  const hear = ({ data }: MessageEvent) => take(data);

  /**
   * For a peer that keeps sending after the close: without a listener the platform drops its frames,
   * with one it turns each frame, however long, into a string, and memory fills up.
   */
  function stopHearing(): void {
    outer.removeEventListener("message", hear);
    early.release();
  }

  function refuse(code: ErrorCode): void {
    // A refused peer must not keep a place in the room (SPEC L4).
    ending ??= { code: CLOSE.left, reason: "left" };
    stopHearing();
    closeSocket(outer, closeCodeOf(code), code);
  }

  const timer = setTimeout(() => void signIn(null), SIGN_IN_SECONDS * 1000);
  take = (frame) => {
    if (frame === PING) return;
    clearTimeout(timer);
    const auth = v.safeParse(authSchema, frame);
    if (auth.success) void signIn(auth.output.token);
    else refuse("bad_message");
  };
  outer.addEventListener("message", hear);
  outer.addEventListener("close", ({ code, reason }) => {
    ending ??= { code, reason };
    stopHearing();
    clearTimeout(timer);
    closeSocket(outer, code, reason);
  });
  outer.accept();
  outer.send(JSON.stringify({ type: "authenticate", within: SIGN_IN_SECONDS }));
  return new Response(null, { status: 101, webSocket: client });
}

/** Forwards the room's frames, and its close. */
function pass(from: WebSocket, to: WebSocket, forwarder: Forwarder, onClose: () => void): void {
  from.addEventListener("message", ({ data }) => {
    if (forwarder.hears(data)) send(to, data as string | ArrayBuffer);
  });
  from.addEventListener("close", (event) => {
    onClose();
    passClose(event, to);
    closeSocket(from, event.code, event.reason);
  });
}

/**
 * A lost connection is forwarded as a fault: to the room it must not look like a goodbye (SPEC L4).
 */
function passClose({ code, reason }: Pick<CloseEvent, "code" | "reason">, to: WebSocket): void {
  closeSocket(to, code, reason, CLOSE.fault);
}

function send(to: WebSocket, frame: string | ArrayBuffer): void {
  try {
    to.send(frame);
  } catch {
    // It is closing; its close event informs the other side.
  }
}
