import { ship } from './ship.ts';

await ship({ wal: true });
