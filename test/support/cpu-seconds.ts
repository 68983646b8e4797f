/**
 * Processor seconds that this process takes for some work. Unlike seconds on the clock they do not depend on what else
 * the machine does.
 */
export async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
