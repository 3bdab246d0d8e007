import { vi } from "vitest";
import type { WebhookEvent, WebhookMessage } from "../../src/server/index.ts";

/** A request to a webhook receiver. */
export interface Delivery {
  url: string;
  headers: Headers;
  init: RequestInit;
  body: string;
  events: WebhookEvent[];
}

type Answer = (delivery: Delivery) => Response | Promise<Response>;

/** The webhook receiver: `fetch` reaches this instead of a network. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** How the next ones are answered. */
  answer: Answer = () => new Response(null, { status: 204 });
  inFlight = 0;
  mostInFlight = 0;

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init = {}) => {
      const body = init.body as string;
      const { events } = JSON.parse(body) as WebhookMessage;
      const headers = new Headers(init.headers);
      const delivery: Delivery = {
        url: String(input),
        headers,
        init: init as RequestInit,
        body,
        events,
      };
      this.deliveries.push(delivery);
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      try {
        return await this.answer(delivery);
      } finally {
        this.inFlight--;
      }
    });
  }

  /** The events of a room, each once, in the order they came. */
  events(room: string): WebhookEvent[] {
    const told = new Map<string, WebhookEvent>();
    for (const event of this.deliveries.flatMap(({ events }) => events)) {
      if (event.data.room !== room) continue;
      const key = `${event.data.epoch} ${event.data.sequence}`;
      if (!told.has(key)) told.set(key, event);
    }
    return [...told.values()];
  }

  /** Each event of a room as its type and its member's id and status. */
  told(room: string): string[] {
    return this.events(room).map(({ type, data: { member } }) =>
      member ? `${type} ${member.id} ${member.status}` : type,
    );
  }
}
