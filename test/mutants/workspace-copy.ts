import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../documents.ts';
import { copyInstalledModules } from '../installed-modules.ts';
import type { Mutant } from './mutants.ts';

/** A copy of the working tree in a folder of its own, with the same dependencies; its packages import each other. */
export class WorkspaceCopy implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param options.modules `own` where npm is to install something into the copy. Default `shared` */
  static async make({ modules = 'shared' }: { modules?: 'shared' | 'own' } = {}): Promise<WorkspaceCopy> {
    const copy = new WorkspaceCopy(await mkdtemp(join(tmpdir(), 'distributary-mutant-')));
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT });
    for (const file of files.toString().split('\0').filter(Boolean)) {
      await mkdir(dirname(join(copy.path, file)), { recursive: true });
      await cp(join(ROOT, file), join(copy.path, file)).catch(ignoreDeleted);
    }
    if (modules === 'own') await copyInstalledModules(copy.path);
    else await copy.#linkModules('node_modules');
    for (const folder of ['packages', 'consumers', '.']) {
      for (const name of await readdir(join(ROOT, folder))) await copy.#linkModules(join(folder, name, 'node_modules'));
    }
    return copy;
  }

  /** @throws Error when the text to replace does not stand in the file exactly once */
  async apply({ name, file, from, to }: Mutant): Promise<void> {
    const path = join(this.path, file);
    const text = await readFile(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`The mutant "${name}" does not fit ${file} any more.`);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
  }

  async restore({ file }: Mutant): Promise<void> {
    await cp(join(ROOT, file), join(this.path, file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** What is installed is shared; links between the workspaces, which are relative, lead into the copy. */
  async #linkModules(folder: string): Promise<void> {
    const names = await readdir(join(ROOT, folder)).catch(() => []);
    if (names.length > 0) await mkdir(join(this.path, folder), { recursive: true });
    for (const name of names) {
      if (name === '@distributary') await this.#linkModules(join(folder, name));
      else await symlink(await this.#targetOf(join(folder, name)), join(this.path, folder, name));
    }
  }

  async #targetOf(path: string): Promise<string> {
    return readlink(join(ROOT, path)).then(
      (target) => target,
      () => join(ROOT, path),
    );
  }
}

function ignoreDeleted(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'ENOENT') throw thrown;
}
