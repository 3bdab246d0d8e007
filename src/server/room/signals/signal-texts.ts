/** A frame of signals as JSON; `list` has a comma after each. */
const frameOf = (list: string) => `{"type":"signals","signals":[${list.slice(0, -1)}]}`;

/**
 * The texts of one sending: one that all share, and others for those who sent some of it, or are
 * among the receivers of a signal.
 *
 * @example
 * const texts = new SignalTexts<string>();
 * texts.add("ada's tab", ['{"name":"typing"}']);
 * texts.for("bob's tab"); // {"type":"signals","signals":[{"name":"typing"}]}
 * texts.for("ada's tab"); // null
 */
export class SignalTexts<Receiver extends object | string> {
  #list = "";
  /** Where each sender's own part of the list is. */
  readonly #own = new Map<Receiver, [start: number, end: number]>();
  /** What only some are sent, with a comma after each. */
  readonly #extra = new Map<Receiver, string>();
  #shared: string | null = null;

  /** Adds a sender's signals, as JSON, for all others. */
  add(sender: Receiver, signals: readonly string[]): void {
    if (signals.length === 0) return;
    const start = this.#list.length;
    this.#list += `${signals.join()},`;
    this.#own.set(sender, [start, this.#list.length]);
  }

  /** Adds a signal for some, the sender left out. */
  addFor(receivers: Iterable<Receiver>, sender: Receiver, signal: string): void {
    for (const receiver of receivers) {
      if (receiver === sender) continue;
      this.#extra.set(receiver, `${this.#extra.get(receiver) ?? ""}${signal},`);
    }
  }

  /** Whether any signal is for all connections. */
  get isForAll(): boolean {
    return this.#list !== "";
  }

  /** The receivers of signals that are not for all. */
  get receivers(): Iterable<Receiver> {
    return this.#extra.keys();
  }

  /** The frame for a receiver; `null` if there is nothing to send. */
  for(receiver: Receiver): string | null {
    const own = this.#own.get(receiver);
    const extra = this.#extra.get(receiver);
    if (!own && extra === undefined) return (this.#shared ??= frameOf(this.#list));
    const [start, end] = own ?? [0, 0];
    const list = this.#list.slice(0, start) + this.#list.slice(end) + (extra ?? "");
    return list === "" ? null : frameOf(list);
  }
}
