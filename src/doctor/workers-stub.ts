/** Stands for the module of that name of the Workers runtime: in Node nothing has to be kept alive. */
export function waitUntil(): void {}
