/** Tests that are expected to find a mutant, run by `vitest run <files>` in that workspace. */
export interface Proof {
  readonly workspace: string;
  readonly files: readonly string[];
}

/** A known bug, as one replacement in one file. */
export interface Mutant {
  readonly name: string;
  /** From the top of the repository. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  readonly proof: Proof;
}

const core = (...files: string[]): Proof => ({ workspace: 'packages/core', files });
const elasticsearch: Proof = { workspace: 'packages/sink-elasticsearch', files: ['answers', 'contract'] };
const siem: Proof = { workspace: 'packages/sink-siem', files: ['isolation'] };
const shipper = (...files: string[]): Proof => ({ workspace: 'packages/shipper', files });

/** Bugs that products of this kind have had, each of which the tests must find. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges before the sink has confirmed',
    file: 'packages/core/src/batch-delivery.ts',
    from: '      const results = await destination.deliver(batch, guard, signal);',
    to: `      this.#ports.settling.acknowledge(lease, batch.map(({ id }) => id));
      const results = await destination.deliver(batch, guard, signal);`,
    proof: core('outage', 'delivery'),
  },
  {
    name: 'reads with NOACK',
    file: 'packages/core/src/consumer-group.ts',
    from: "const block = blockMs === undefined ? [] : ['BLOCK', blockMs];",
    to: "const block = [...(blockMs === undefined ? [] : ['BLOCK', blockMs]), 'NOACK'];",
    proof: core('delivery', 'recovery'),
  },
  {
    name: 'does not read its own pending entries after a connect',
    file: 'packages/core/src/batch-source.ts',
    from: '      this.#pending.readOwnAgain();\n      this.#losses.reconnected();',
    to: '      this.#losses.reconnected();',
    proof: core('recovery', 'group'),
  },
  {
    name: 'claims from 0-0 each time',
    file: 'packages/core/src/pending-source.ts',
    from: 'group.claimIdle(this.#claimCursor,',
    to: 'group.claimIdle(START,',
    proof: core('group', 'recovery'),
  },
  {
    name: 'creates a group that vanished at the end of the stream',
    file: 'packages/core/src/checkpoint-keeper.ts',
    from: "await this.#group.create('beginning')",
    to: "await this.#group.create('now')",
    proof: core('recovery', 'group'),
  },
  {
    name: 'takes another stream for the one of its checkpoint',
    file: 'packages/core/src/checkpoint.ts',
    from: 'entry.id === id && contentDigest(entry) === digest',
    to: 'entry.id === id && digest.length > 0',
    proof: core('checkpoint'),
  },
  {
    name: 'writes a checkpoint behind what is still pending',
    file: 'packages/core/src/checkpoint.ts',
    from: 'if (oldestPending === undefined ||',
    to: "if (oldestPending !== '0-0' ||",
    proof: core('checkpoint'),
  },
  {
    name: 'acknowledges by the ID alone, to whatever server',
    file: 'packages/core/src/epochs.ts',
    from: 'return this.#commands.openGeneration !== undefined && epoch === this.current;',
    to: 'return epoch.length > 0;',
    proof: core('failover'),
  },
  {
    name: 'does not renew leases',
    file: 'packages/core/src/heartbeat.ts',
    from: '  await group.touch(lease.ids);\n',
    to: '',
    proof: core('delivery', 'recovery'),
  },
  {
    name: 'acknowledges a dead letter before it is stored',
    file: 'packages/core/src/dead-letter-stream.ts',
    from: '    // EXEC goes on behind a command that fails,',
    to: "    await this.#connection.call('XACK', stream, group, ...ids);\n    // EXEC goes on behind a command that fails,",
    proof: core('delivery', 'recovery'),
  },
  {
    name: 'sets entries aside by their delivery count',
    file: 'packages/core/src/crash-isolation.ts',
    from: 'return ended >= this.#options.maxAlone;',
    to: 'return ended >= 0;',
    proof: core('crash'),
  },
  {
    name: 'takes a batch for delivered whatever its sink answers',
    file: 'packages/core/src/batch-delivery.ts',
    from: 'if (delivered.length === batch.length) {',
    to: 'if (delivered.length <= batch.length) {',
    proof: core('delivery'),
  },
  {
    name: 'ignores errors of items in a bulk answer',
    file: 'packages/sink-elasticsearch/src/bulk-item.ts',
    from: '  if (status === 200 || status === 201) return',
    to: "  if (status > 0) return 'delivered';\n  if (status === 200 || status === 201) return",
    proof: elasticsearch,
  },
  {
    name: 'swallows HTTP errors',
    file: 'packages/sink-elasticsearch/src/bulk-answer.ts',
    from: 'if (answer.status !== 200) return judgeStatus(answer);',
    to: "if (answer.status !== 200) return { outcome: 'stored' };",
    proof: elasticsearch,
  },
  {
    name: 'takes an answer with too few items for success',
    file: 'packages/sink-elasticsearch/src/bulk-answer.ts',
    from: '  if (items.length !== count) {',
    to: "  if (items.length !== count) return { outcome: 'stored' };\n  if (items.length < 0) {",
    proof: elasticsearch,
  },
  {
    name: 'rejects the events that a collector took before it stopped',
    file: 'packages/sink-siem/src/event-delivery.ts',
    from: '        if (!alone) return this.#takeApart(from, to, judgement.eventNumber);\n        return this.#refuse',
    to: `        for (let i = from; i < from + (judgement.eventNumber ?? 0); i++) this.#refuse(i, new PayloadError('taken'));
        if (!alone) return this.#deliverInTurn(halves(from + (judgement.eventNumber ?? 0), to));
        return this.#refuse`,
    proof: siem,
  },
  {
    name: 'moves the checkpoint of the write-ahead log before Redis has the lines',
    file: 'packages/shipper/src/feed.ts',
    from: "const outcome = batch.lines > 0 ? await this.#ports.writer.store(batch, chunk.boot, signal) : 'stored';",
    to: `const outcome: StoreOutcome = 'stored';
      if (batch.lines > 0) void this.#ports.writer.store(batch, chunk.boot, signal).catch(() => undefined);`,
    proof: shipper('outage'),
  },
  {
    name: 'takes it that Redis still has what it has confirmed',
    file: 'packages/shipper/src/append-script.ts',
    from: 'if last < tonumber(ARGV[3]) then',
    to: 'if false then',
    proof: shipper('redis-loss'),
  },
];
