/** A browser's request to an app. */
export interface Ask {
  path: string;
  /** Sent as JSON. */
  json?: object;
  /** Sent as a form. */
  form?: Record<string, string>;
  headers?: Record<string, string>;
}

/** A browser's cookies of an app. */
export class Jar {
  readonly #cookies = new Map<string, string>();

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  get names(): string[] {
    return [...this.#cookies.keys()];
  }

  /** A cookie's value, decoded; empty if there is none. */
  valueOf(name: string): string {
    return decodeURIComponent(this.#cookies.get(name) ?? "");
  }

  /** Sends a request like a page of the app, and keeps the cookies; throws if the app refuses. */
  async ask(url: string, { path, json, form, headers }: Ask): Promise<Response> {
    const body = json ? JSON.stringify(json) : form && new URLSearchParams(form);
    const answer = await fetch(new URL(path, url), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        Cookie: this.header,
        Origin: url,
        ...(json && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      redirect: "manual",
    });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const ends = attributes.map((text) => text.trim().toLowerCase());
    const isGone =
      ends.includes("max-age=0") ||
      ends.some((text) => text.startsWith("expires=") && Date.parse(text.slice(8)) < Date.now());
    if (isGone) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
