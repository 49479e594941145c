import { NEVER } from './connection-model.ts';
import type { Checkpoint, CheckpointStore } from './core-ports.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** The file of a group, on a disk that all of its processes share. It outlives them, and whatever happens to Redis. */
export class CheckpointFileModel implements Omit<CheckpointStore, 'saveRecreation'> {
  readonly #world: World;
  readonly #process: Process;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  load(): Promise<Checkpoint | undefined> {
    return this.#take('reading a file', () => this.#world.files.get(this.#process.seat.group));
  }

  save(checkpoint: Checkpoint): Promise<void> {
    return this.#take('writing a file', () => void this.#world.files.set(this.#process.seat.group, checkpoint));
  }

  #take<Result>(what: string, run: () => Result): Promise<Result> {
    const { clock, random } = this.#world;
    if (this.#process.mayCrash(`before ${what}`)) return NEVER;
    return new Promise((resolve) => {
      const finish = () => {
        const result = run();
        if (!this.#process.mayCrash(`after ${what}`)) resolve(result);
      };
      clock.schedule(random.between(0, 20), finish, this.#process);
    });
  }
}
