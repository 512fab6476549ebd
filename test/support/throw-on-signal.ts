/** Loaded before a program: on SIGUSR2 a timer throws and a promise rejects, which nothing in the program catches. */
process.on("SIGUSR2", () => {
  setTimeout(() => {
    throw new Error("thrown in a timer");
  }, 1);
  void Promise.reject(new Error("rejected"));
});
