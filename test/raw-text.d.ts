declare module "*?raw" {
  const text: string;
  export default text;
}

interface ImportMeta {
  /** Vite's own: the texts of the files that a pattern names. */
  glob(
    pattern: string,
    options: { query: "?raw"; import: "default"; eager: true },
  ): Record<string, string>;
}
