/** Loaded before the gateway (`--import`): SIGUSR2 throws where nobody catches, SIGWINCH rejects a promise that nobody holds. */
process.on("SIGUSR2", () => {
  setImmediate(() => {
    throw new Error("thrown by a test");
  });
});
process.on("SIGWINCH", () => {
  void Promise.reject(new Error("rejected by a test"));
});
