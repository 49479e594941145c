import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** A fenced block of a document. */
export interface Snippet {
  /** The document's path from the top of the repository. */
  readonly file: string;
  /** The line where it starts. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** Every Markdown file of the repository, by its path. */
export function documents(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: ROOT });
  return listed.toString().split('\n').filter(Boolean);
}

export function snippetsOf(file: string): Snippet[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: body = '', index }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    language,
    text: body,
  }));
}

/** Its links to other places of the repository. */
export function relativeLinksOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
}
