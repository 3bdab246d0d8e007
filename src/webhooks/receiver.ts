import type { WebhookEvent } from "../protocol/webhook-message.ts";
import { createVerifier, type WebhookHeaders } from "./verify.ts";

/** How many epochs are remembered; a dropped one is read again, as after a restart. */
const MAX_POSITIONS = 100_000;

/** Stores how far each epoch has been handled. A `Map` is one. */
export interface Positions {
  get(epoch: string): number | undefined | Promise<number | undefined>;
  set(epoch: string, sequence: number): unknown;
}

export interface ReceiverOptions {
  /** The value of `WEBHOOK_SECRET`: one secret, or several separated by commas during a rotation. */
  secret: string;
  /** Handles an event. It is called once for each event, and in order within an epoch. */
  onEvent(event: WebhookEvent): unknown;
  /** Called before an event if earlier events of that room are missing: read the room with `GET`. */
  onGap(room: string): unknown;
  /**
   * In memory if absent, so that after a restart of your backend `onGap` is called for each room that
   * sends an event.
   */
  positions?: Positions;
}

/** Takes a request's unparsed body and its headers; resolves to the HTTP status to reply with. */
export type Receive = (
  body: string | Uint8Array,
  headers: WebhookHeaders,
) => Promise<204 | 401 | 500>;

/**
 * Creates a webhook receiver: it checks the signature, ignores repeated events, and reports gaps
 * (SPEC H3, H4). It resolves to 204 once all events of a message are handled, to 401 if the
 * signature is wrong or older than five minutes, and to 500 if a handler throws: then it logs the
 * error to the console, and the message is delivered again.
 *
 * @throws TypeError where `secret` is none.
 * @example
 * const receive = createReceiver({ secret, onEvent: save, onGap: readRoom });
 * response.statusCode = await receive(body, request.headers);
 */
export function createReceiver(options: ReceiverOptions): Receive {
  const { onEvent, onGap, positions = new RecentPositions() } = options;
  const secrets = options.secret.split(",").map((secret) => secret.trim());
  const verify = createVerifier(secrets);
  /** The work under way for each epoch: a message that took too long is sent again meanwhile. */
  const underWay = new Map<string, Promise<void>>();

  async function handle(events: readonly WebhookEvent[], epoch: string): Promise<void> {
    let last = (await positions.get(epoch)) ?? 0;
    for (const event of events) {
      const { room, sequence } = event.data;
      if (sequence <= last) continue;
      if (sequence > last + 1) await onGap(room);
      await onEvent(event);
      await positions.set(epoch, (last = sequence));
    }
  }

  async function handleInTurn(events: readonly WebhookEvent[]): Promise<void> {
    const epoch = events[0]?.data.epoch;
    if (epoch === undefined) return;
    const before = underWay.get(epoch) ?? Promise.resolve();
    const handled = before.catch(() => {}).then(() => handle(events, epoch));
    underWay.set(epoch, handled);
    try {
      await handled;
    } finally {
      if (underWay.get(epoch) === handled) underWay.delete(epoch);
    }
  }

  return async (body, headers) => {
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    const message = await verify(text, headers, Date.now());
    if (message === null) return 401;
    try {
      await handleInTurn(message.events);
      return 204;
    } catch (error) {
      console.error("A webhook's handler failed; the message will come again.", error);
      return 500;
    }
  };
}

/** The epochs that were set last. */
class RecentPositions implements Positions {
  readonly #sequences = new Map<string, number>();

  get(epoch: string): number | undefined {
    return this.#sequences.get(epoch);
  }

  set(epoch: string, sequence: number): void {
    this.#sequences.delete(epoch);
    this.#sequences.set(epoch, sequence);
    if (this.#sequences.size <= MAX_POSITIONS) return;
    const [oldest] = this.#sequences.keys();
    this.#sequences.delete(oldest!);
  }
}
