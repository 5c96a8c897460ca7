/** A sum. */
export function add(a: number, b: number): { readonly sum: number } {
  return { sum: a + b };
}

/** Waits as a thread does for a file system that hangs: nothing in it can be heard. */
export function hang(memory: SharedArrayBuffer): void {
  Atomics.wait(new Int32Array(memory), 0, 0);
}

/** Fails, and says more than is for everybody. */
export function fail(secret: string): void {
  throw new TypeError(`It holds ${secret}.`);
}

export const HERE = import.meta.url;
