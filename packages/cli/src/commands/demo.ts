import { Command } from 'commander';
import type { SetExit } from '../program.ts';

export function demoCommand(_setExit: SetExit): Command {
  return new Command('demo');
}
