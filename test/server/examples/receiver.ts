import type { WebhookMessage } from "rollcall/server";
import { Webhook } from "standardwebhooks";

/** Makes a receiver of webhooks: `resync` reads a room anew, with `GET /rooms/:room`. */
export function createReceiver(secret: string, resync: (room: string) => Promise<void>) {
  const webhook = new Webhook(secret);
  /** How far each room was told, by its epoch; keep it where you keep what you make of it. */
  const seen = new Map<string, number>();

  return async (request: Request): Promise<Response> => {
    let message: WebhookMessage;
    try {
      const headers = Object.fromEntries(request.headers);
      message = webhook.verify(await request.text(), headers) as WebhookMessage;
    } catch {
      return new Response("The signature is not ours.", { status: 401 });
    }
    for (const { type, data } of message.events) {
      const { room, epoch, sequence, member } = data;
      const last = seen.get(epoch) ?? 0;
      if (sequence <= last) continue; // It was delivered before.
      if (sequence > last + 1) await resync(room); // Something was given up on.
      seen.set(epoch, sequence);
      console.log(type, room, member?.name ?? "");
    }
    return new Response(null, { status: 204 });
  };
}
