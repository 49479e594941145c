import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { alertRules } from '../dashboards/alert-rules.ts';
import { grafanaDashboard } from '../dashboards/grafana-dashboard.ts';
import { readTeam } from '../team.ts';

interface DashboardsOptions {
  readonly out: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  npx distributary dashboards consumers/noc consumers/security --out monitoring
  npx distributary dashboards consumers/* --out monitoring --dry-run
  npx distributary dashboards consumers/* --json | jq .dashboard          writes nothing

Writes distributary-dashboard.json, to be imported in Grafana or put into a provisioned folder, and
distributary-alerts.yml, for rule_files of Prometheus: on hold, nothing moves, lost, dead letters, and what each package
promises (lagSlo, deadLetterQuota) beside whom to tell (owner). Files of these names are replaced.
Exit codes: 0 written · 1 a file cannot be written · 2 wrong arguments or package`;

export function dashboardsCommand(): Command {
  return new Command('dashboards')
    .description('write a Grafana dashboard and Prometheus alert rules for these teams')
    .argument('<package...>', 'folders of consumer packages, such as consumers/noc')
    .option('--out <folder>', 'where to write them', '.')
    .option('--dry-run', 'write nothing, say what would be written')
    .option('--json', 'print both as one JSON object, and write nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (packages: string[], { out, dryRun, json }: DashboardsOptions) => {
      const teams = await Promise.all(packages.map(readTeam));
      const dashboard = grafanaDashboard(teams);
      const alerts = alertRules(teams);
      if (json) {
        process.stdout.write(`${JSON.stringify({ dashboard, alerts })}\n`);
        return;
      }
      const files: readonly (readonly [name: string, text: string])[] = [
        ['distributary-dashboard.json', `${JSON.stringify(dashboard, null, 2)}\n`],
        ['distributary-alerts.yml', alerts],
      ];
      if (!dryRun) await mkdir(out, { recursive: true });
      for (const [name, text] of files) {
        const file = join(out, name);
        const what = existsSync(file) ? 'replaced' : 'written';
        if (!dryRun) await writeFile(file, text);
        process.stdout.write(`${file}: ${dryRun ? 'would be ' : ''}${what}\n`);
      }
    });
}
