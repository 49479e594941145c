import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describeWithRedisProcess } from '@distributary/testing';
import { expect, it } from 'vitest';
import { run, start } from './distributary.ts';

describeWithRedisProcess('the demonstration', () => {
  it('tells its story, reconciles from the stores, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run(['demo', '--for', '6', '--rate', '300']);
    expect(stderr).toBe('');
    expect(stdout).toContain("The NOC's Elasticsearch goes down");
    expect(stdout).toContain('is killed with SIGKILL');
    const written = /lines written into the pipe +([\d,]+)/.exec(stdout)?.[1];
    expect(Number(written?.replace(',', ''))).toBeGreaterThan(1_000);
    expect(stdout).toContain(`entries in the stream         ${written}`);
    expect(stdout).toMatch(new RegExp(`NOC +${written} +documents in Elasticsearch +0 +0 +0`));
    expect(stdout).toMatch(/Security +\d[\d,]* +events at the collector +[\d,]+ +0 +0/);
    expect(stdout).toContain('Every line is in the stream, and every entry is with both teams.');
    expect(code).toBe(0);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('distributary-demo-'))).toEqual([]);
  });

  it('reconciles what there is when it is interrupted', async () => {
    await using demo = start(['demo', '--for', '600', '--rate', '100', '--quiet-story']);
    demo.process.stdout?.on('data', () => {
      if (/\d lines written/.test(demo.stdout().replace('0 lines written', ''))) demo.process.kill('SIGINT');
    });
    expect((await demo.ended).code).toBe(0);
    expect(demo.stdout()).toContain('Every line is in the stream');
  });
});
