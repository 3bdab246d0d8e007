import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { joinRoom, type RoomHandle } from "../../src/client/index.ts";
import type { ServerFrame, Snapshot, Status } from "../../src/protocol/messages.ts";
import { signToken } from "./client-kit.ts";
import type { Server } from "./server.ts";

const CHOICES: readonly (Status | null)[] = ["online", "away", "busy", "offline", null];

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A user with one tab or more, each the project's own client; the first tab chooses statuses. */
export class Person {
  readonly id: string;
  readonly tabs: RoomHandle[] = [];
  /** When the room last welcomed one of their tabs, as `performance.now()` tells. */
  welcomedAt = Number.NaN;
  /** The confirmed choice, and the choices sent since, oldest first. */
  #choices: { id: number; status: Status | null }[] = [{ id: 0, status: null }];
  readonly #onAck: () => void;

  constructor(id: string, onAck: () => void) {
    this.id = id;
    this.#onAck = onAck;
  }

  /** The status that was acknowledged last, and those sent later: one of them is the chosen one. */
  get possible(): readonly (Status | null)[] {
    return this.#choices.map(({ status }) => status);
  }

  get chosen(): Status | null | undefined {
    return this.tabs[0]?.getSnapshot().self?.chosen;
  }

  get isOnline(): boolean {
    return this.tabs.every((tab) => tab.getSnapshot().connection === "online");
  }

  /** The connections that others see. */
  get shownConnections(): number {
    return this.chosen === "offline" ? 0 : this.tabs.length;
  }

  /** Whether the room has acknowledged what they chose last; a client sends it again until then. */
  get hasItsWill(): boolean {
    const [choice, ...later] = this.#choices;
    return later.length === 0 && choice!.status === this.chosen;
  }

  /** Opens a tab; the credential is sent as a header. */
  open(url: string, token: string): void {
    const headers = { Authorization: `Bearer ${token}` };
    const receive = (text: string) => this.#receive(text);
    const note = (text: string) => this.#note(text);
    const takePut = (body: string) => this.#takePut(body);
    this.tabs.push(
      joinRoom(url, {
        fetch: async (input, init) => {
          const answer = await fetch(input, { ...init, headers });
          if (answer.ok && init?.method === "PUT") takePut(String(init.body));
          return answer;
        },
        WebSocket: class extends WebSocket {
          constructor(address: string) {
            super(address, { headers });
            this.on("message", (message) => receive(String(message)));
          }
          override send(text: string): void {
            note(text);
            super.send(text);
          }
        },
      }),
    );
  }

  /** Chooses at random, repeatedly, until stopped. */
  async choose(random: () => number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(250 + 400 * random());
      const [tab] = this.tabs;
      if (stop.aborted || tab?.getSnapshot().connection !== "online") continue;
      tab.setStatus(CHOICES[Math.floor(random() * CHOICES.length)]!);
    }
  }

  #note(text: string): void {
    if (!text.startsWith('{"type":"update"')) return;
    const { id, status } = JSON.parse(text) as { id: string; status: Status | null };
    this.#choices.push({ id: Number(id), status });
  }

  /** While the room was away some may have polled: what a poll said is answered with it. */
  #takePut(body: string): void {
    const change = JSON.parse(body) as { status?: Status | null };
    if (change.status === undefined) return;
    this.#choices = [{ id: 0, status: change.status }];
    this.#onAck();
  }

  #receive(text: string): void {
    if (text.startsWith('{"type":"welcome"')) this.welcomedAt = performance.now();
    if (!text.startsWith('{"type":"ack"')) return;
    const { id } = JSON.parse(text) as Extract<ServerFrame, { type: "ack" }>;
    this.#choices = this.#choices.filter((choice) => choice.id >= Number(id));
    this.#onAck();
  }
}

/** Many people in one room. */
export class Crowd {
  readonly room: string;
  readonly people: Person[] = [];
  readonly #server: Pick<Server, "url" | "secret">;
  readonly #random: () => number;
  #gone = 0;
  #acks = 0;
  #awaited: { acks: number; resolve: () => void } | null = null;

  constructor(server: Pick<Server, "url" | "secret">, room: string, random: () => number) {
    this.#server = server;
    this.room = room;
    this.#random = random;
  }

  get tabs(): RoomHandle[] {
    return this.people.flatMap((person) => person.tabs);
  }

  /** Tabs that hold the room's state. */
  get onlineTabs(): number {
    return this.tabs.filter((tab) => tab.getSnapshot().connection === "online").length;
  }

  /** Lets people join one after another, every fourth with two tabs, until this many are open. */
  async grow(tabs: number, overMs: number, stop: AbortSignal): Promise<void> {
    const pauseMs = overMs / (tabs - this.tabs.length);
    while (this.tabs.length < tabs) {
      const number = this.people.length + this.#gone;
      const person = new Person(`p${number}`, () => this.#countAck());
      const token = await signToken(this.#server.secret, person.id);
      const count = Math.min(tabs - this.tabs.length, number % 4 === 0 ? 2 : 1);
      this.people.push(person);
      for (let tab = 0; tab < count; tab++) {
        person.open(`${this.#server.url}/rooms/${this.room}`, token);
      }
      void person.choose(this.#random, stop);
      await sleep(pauseMs * count);
    }
  }

  /** Resolves as soon as this many more updates have been acknowledged. */
  untilAcked(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { acks: this.#acks + more, resolve };
    });
  }

  /** Removes those who joined first for good, while nobody can notice. */
  lose(count: number): Person[] {
    const gone = this.people.splice(0, count);
    for (const person of gone) {
      for (const tab of person.tabs) tab.leave();
    }
    this.#gone += count;
    return gone;
  }

  /** The people of whom a tab does not show what the room answers. */
  disagreeing({ members, online, connections }: Snapshot): string[] {
    const answered = JSON.stringify({ members, online, connections });
    const agrees = (tab: RoomHandle) => {
      const shown = tab.getSnapshot();
      const { members, online, connections } = shown;
      return (
        shown.connection === "online" &&
        JSON.stringify({ members, online, connections }) === answered
      );
    };
    return this.people.filter((person) => !person.tabs.every(agrees)).map(({ id }) => id);
  }

  leave(): void {
    for (const tab of this.tabs) tab.leave();
  }

  #countAck(): void {
    this.#acks++;
    if (this.#awaited && this.#acks >= this.#awaited.acks) this.#awaited.resolve();
  }
}
