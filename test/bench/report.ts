/** What one run of one figure measured, as its process prints it. */
export interface Measurement {
  readonly entries: number;
  /** From the first read to the last acknowledgement. */
  readonly wallMs: number;
  /** User and system time of the whole process, start-up included. */
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

/** One line of the table: medians over the rounds of the series. */
export interface Figure {
  readonly name: string;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  /** Entries per CPU-second as a share of the bare loop's, median of the rounds' own shares. */
  readonly ofBareLoop: number;
  readonly peakRssMb: number;
}

/** Called by a measured process at its end. */
export function printMeasurement(entries: number, startedAt: number): void {
  const { user, system } = process.cpuUsage();
  const measurement: Measurement = {
    entries,
    wallMs: performance.now() - startedAt,
    cpuMs: (user + system) / 1_000,
    peakRssMb: process.resourceUsage().maxRSS / 1_024,
  };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

/** @param rounds per round what each figure measured; a share is taken within its own round */
export function figuresOf(names: readonly string[], rounds: readonly ReadonlyMap<string, Measurement>[]): Figure[] {
  return names.map((name) => {
    const own = rounds.map((round) => round.get(name) as Measurement);
    const shares = rounds.map((round, i) => {
      const bare = round.get('bare-loop');
      return bare ? perCpuSecond(own[i] as Measurement) / perCpuSecond(bare) : Number.NaN;
    });
    return {
      name,
      perSecond: Math.round(median(own.map(({ entries, wallMs }) => (entries / wallMs) * 1_000))),
      perCpuSecond: Math.round(median(own.map(perCpuSecond))),
      ofBareLoop: Number(median(shares).toFixed(3)),
      peakRssMb: Math.round(Math.max(...own.map(({ peakRssMb }) => peakRssMb))),
    };
  });
}

function perCpuSecond({ entries, cpuMs }: Measurement): number {
  return (entries / cpuMs) * 1_000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
