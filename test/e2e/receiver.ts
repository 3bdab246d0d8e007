import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { WebhookEvent, WebhookMessage } from "../../src/protocol/webhook-message.ts";

/** A received message, however it was answered. */
export interface Delivery {
  id: string;
  at: number;
  events: WebhookEvent[];
  body: string;
}

type Answer = (response: ServerResponse, delivery: Delivery) => void;

const accept: Answer = (response) => void response.writeHead(204).end();

/** An app's backend that receives webhooks, over HTTP, and verifies every signature. */
export class Receiver {
  readonly secret = `whsec_${randomBytes(32).toString("base64")}`;
  readonly deliveries: Delivery[] = [];
  /** The faults of requests. */
  readonly faults: string[] = [];
  answer: Answer = accept;
  /** Requests that are not answered yet, and the most that a room had at a time. */
  readonly #open = new Map<string, number>();
  mostAtATime = 0;
  #url = "";
  readonly #webhook = new Webhook(this.secret);
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    receiver.#url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}`;
    return receiver;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The variables of a server that sends its webhooks here. */
  get vars(): Record<string, string> {
    return {
      WEBHOOK_URL: `${this.#url}/hooks`,
      WEBHOOK_SECRET: this.secret,
      WEBHOOK_ALLOW_PRIVATE: "true",
    };
  }

  get url(): string {
    return this.#url;
  }

  /** Every event of a room, each once, in the order they first came. */
  events(room: string): WebhookEvent[] {
    const told = new Map<string, WebhookEvent>();
    for (const event of this.deliveries.flatMap(({ events }) => events)) {
      const { room: where, epoch, sequence } = event.data;
      const key = `${epoch} ${sequence}`;
      if (where === room && !told.has(key)) told.set(key, event);
    }
    return [...told.values()];
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The sender was killed on the way.
      return;
    }
    const body = Buffer.concat(chunks).toString();
    let message: WebhookMessage;
    try {
      if (request.method !== "POST" || request.url !== "/hooks") throw new Error(request.url);
      const headers = request.headers as Record<string, string>;
      message = this.#webhook.verify(body, headers) as WebhookMessage;
    } catch (error) {
      this.faults.push(String(error));
      return void response.writeHead(400).end();
    }
    const { events } = message;
    const id = request.headers["webhook-id"] as string;
    const { room } = events[0]!.data;
    const open = (this.#open.get(room) ?? 0) + 1;
    this.#open.set(room, open);
    this.mostAtATime = Math.max(this.mostAtATime, open);
    response.once("close", () => this.#open.set(room, this.#open.get(room)! - 1));
    const delivery = { id, at: Date.now(), events, body };
    this.deliveries.push(delivery);
    this.answer(response, delivery);
  }
}

/** The faults in a room's events: each sequence must come once, in order, from 1, without a gap. */
export function gapsOf(events: readonly WebhookEvent[]): string[] {
  const last = new Map<string, number>();
  return events.flatMap(({ data: { epoch, sequence } }) => {
    const expected = (last.get(epoch) ?? 0) + 1;
    last.set(epoch, sequence);
    return sequence === expected ? [] : [`${epoch}: ${sequence} came where ${expected} was due`];
  });
}

/** The members and statuses for a consumer who only follows the events. */
export function presentIn(events: readonly WebhookEvent[]): Map<string, string> {
  const present = new Map<string, string>();
  for (const { type, data } of events) {
    const { member } = data;
    if (!member) {
      const isWrong = type === "room.vacated" ? present.size > 0 : present.size !== 0;
      if (isWrong)
        throw new Error(`${type} at ${data.sequence}, with ${[...present.keys()].join()}`);
    } else if (type === "member.offline") present.delete(member.id);
    else {
      if (present.has(member.id) === (type === "member.online")) {
        throw new Error(`${type} at ${data.sequence} of ${member.id}`);
      }
      present.set(member.id, member.status);
    }
  }
  return present;
}
