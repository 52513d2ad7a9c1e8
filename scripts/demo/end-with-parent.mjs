/**
 * Preloaded (`node --import`) into every process a task starts: when the task is gone, however it went, the channel
 * to it closes and this process ends itself. Nothing is left behind even by `kill -9`.
 */
if (process.channel !== undefined) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), 35_000).unref();
  });
  process.channel.unref();
}
