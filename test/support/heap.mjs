/** Loaded before the gateway (`--import`, with --expose-gc): SIGUSR2 has it collect its garbage and print what is left, in bytes. */
process.on("SIGUSR2", () => {
  globalThis.gc();
  setImmediate(() => {
    globalThis.gc();
    process.stderr.write(`heap ${process.memoryUsage().heapUsed} ${process.memoryUsage().external}\n`);
  });
});
