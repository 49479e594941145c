/** What the benchmark tells each measured process. */
export const runSettings = {
  redisUrl: required('REDIS_URL'),
  stream: required('BENCH_STREAM'),
  entries: Number(required('BENCH_ENTRIES')),
};

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this file is run by bench/main.ts`);
  return value;
}
