import { describe, expect, it } from 'vitest';
import { run } from './distributary.ts';

const COMMANDS = [
  'new',
  'run',
  'ship',
  'status',
  'top',
  'tap',
  'trace',
  'reconcile',
  'dead-letters',
  'redrive',
  'replay',
  'backfill',
  'seek',
  'jobs',
  'parse',
  'doctor',
  'acl',
  'dashboards',
  'demo',
];

describe('the command line', () => {
  it.each(COMMANDS)('%s --help has examples and exit codes', async (command) => {
    const { code, stdout } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit codes: 0');
  });

  it('names every command in its help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(`  ${command} `);
  });

  it.each([
    { args: ['statos'], says: 'Did you mean status?' },
    { args: ['run'], says: "missing required argument 'package'" },
    { args: ['run', 'nowhere'], says: "nowhere is not a consumer's package: there is no package.json in it" },
    { args: ['run', '.'], says: 'Add: "distributary"' },
    { args: ['run', 'consumers/noc', 'consumers/noc'], says: 'For two processes use --replicas 2' },
    { args: ['run', 'consumers/noc', '--replicas', '0'], says: 'Give a whole number from 1 on' },
    { args: ['acl', 'consumers/noc', '--redis-version', '5.0'], says: 'older ones than 6.2' },
    { args: ['acl', 'consumers/noc', 'consumers/noc'], says: 'No user can be called "noc"' },
    { args: ['ship'], says: 'Give --fifo <path> or --stdin' },
    { args: ['ship', '--fifo', '/tmp/x', '--stdin'], says: 'cannot be used with' },
    { args: ['ship', '--stdin', '--route', 'local9=x'], says: 'Write it as facility=stream' },
    { args: ['run', 'consumers/noc', '--metrics-port', '70000'], says: 'Give a port from 1 to 65535, or 0 for none' },
    { args: ['tap'], says: "required option '--group <name>' not specified" },
    { args: ['tap', '--group', 'x', '--grep', '('], says: 'Unterminated group' },
    { args: ['trace', 'yesterday'], says: 'such as 1762000000000-0' },
    { args: ['reconcile', 'consumers/noc', '--from', 'noon'], says: 'Write a time as 2026-11-01T10:00 (UTC)' },
    { args: ['reconcile', 'consumers/noc', '--from', '1m', '--to', '1h'], says: 'Give --from a time before --to' },
    { args: ['parse', '--consumer', 'packages/core'], says: 'does not say what the package consumes' },
  ])('refuses $args with exit code 2 and the remedy', async ({ args, says }) => {
    const { code, stderr, stdout } = await run(args);
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('says which servers omhiredis can reach', async () => {
    const environment = { REDIS_URL: 'redis+sentinel://a:26379,b:26379/main' };
    const { code, stderr } = await run(['ship', '--print-rsyslog-config', 'omhiredis'], { environment });
    expect(stderr).toContain('Set REDIS_URL to redis://host:port');
    expect(code).toBe(2);
  });

  it('says which LOG_LEVELs there are', async () => {
    const { code, stderr } = await run(['run', 'consumers/noc'], { environment: { LOG_LEVEL: 'loud' } });
    expect(stderr).toContain('Set it to one of: debug, info, warn, error');
    expect(code).toBe(2);
  });

  it.each(['fifo', 'omprog', 'omhiredis'])('prints a configuration of rsyslog for %s', async (kind) => {
    const { code, stdout } = await run(['ship', '--print-rsyslog-config', kind]);
    expect(code).toBe(0);
    expect(stdout).toContain('template(');
    expect(stdout).toMatch(/pri/i);
  });
});
