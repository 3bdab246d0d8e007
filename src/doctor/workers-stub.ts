/** Replaces the Workers runtime's module of this name: in Node nothing has to be kept alive. */
export function waitUntil(): void {}
