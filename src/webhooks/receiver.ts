import type { WebhookEvent } from "../protocol/webhook-message.ts";
import { createVerifier, type WebhookHeaders } from "./verify.ts";

/** How many epochs are remembered; one that was let go of is read anew, as after a restart. */
const MAX_POSITIONS = 100_000;

/** Where a receiver keeps how far it has handled each epoch. A `Map` is one. */
export interface Positions {
  get(epoch: string): number | undefined | Promise<number | undefined>;
  set(epoch: string, sequence: number): unknown;
}

export interface ReceiverOptions {
  /** The value of `WEBHOOK_SECRET`: one, or several separated by commas while you replace it. */
  secret: string;
  /** Handles an event. Each is given once, and those of an epoch in order. */
  onEvent(event: WebhookEvent): unknown;
  /** Called before an event of a room of which earlier ones are missing: read the room by `GET`. */
  onGap(room: string): unknown;
  /**
   * Kept in memory where absent, so that after a restart of your backend `onGap` is called for each
   * room that tells something.
   */
  positions?: Positions;
}

/** Takes a request's body, as it came, and its headers; answers the HTTP status to reply with. */
export type Receive = (
  body: string | Uint8Array,
  headers: WebhookHeaders,
) => Promise<204 | 401 | 500>;

/**
 * Makes a receiver of webhooks: it checks the signature, drops what was delivered before, and tells
 * where something is missing (SPEC H3, H4). It answers 204 once all events of a message are
 * handled, 401 where the signature is wrong or older than five minutes, and 500, with the error on
 * the console, where a handler throws: the message is then delivered again.
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
  /** What is being handled of each epoch: a message that took too long comes again meanwhile. */
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
