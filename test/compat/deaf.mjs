/** Loaded before a program of Node: it ignores the end of its input from then on. */
setInterval(() => {}, 1_000);
