import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';

/** A document as a stand-in holds it. */
export interface StoredDocument {
  /** What the destination knows it by: `_id`, or `fields.distributary_id`; may be empty at a collector. */
  readonly id: string;
  /** The index; empty at a collector. */
  readonly index: string;
  readonly document: Readonly<Record<string, unknown>>;
}

interface Kept {
  readonly id: string;
  readonly index: string;
  readonly text: string;
}

/** What becomes of a document that has the index and the ID of another. */
type Duplicates = 'replace' | 'keep';

/** A stand-in's documents in the order they came; with a file they survive the process. */
export class DocumentStore {
  readonly #duplicates: Duplicates;
  readonly #file: string | undefined;
  #kept: Kept[] = [];
  readonly #positions = new Map<string, number>();

  constructor(duplicates: Duplicates, file?: string) {
    this.#duplicates = duplicates;
    this.#file = file;
    if (file && existsSync(file)) for (const line of completeLines(file)) this.#keep(JSON.parse(line) as Kept);
  }

  add(documents: readonly Kept[]): void {
    if (this.#file) appendFileSync(this.#file, documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
    for (const document of documents) this.#keep(document);
  }

  /** Forgets documents; in the file as well. */
  remove(isRemoved: (document: Kept) => boolean): void {
    const rest = this.#kept.filter((document) => !isRemoved(document));
    this.#kept = [];
    this.#positions.clear();
    if (this.#file) writeFileSync(this.#file, '');
    this.add(rest);
  }

  has(index: string, id: string): boolean {
    return this.#positions.has(key(index, id));
  }

  get size(): number {
    return this.#kept.length;
  }

  *documents(): IterableIterator<StoredDocument> {
    for (const { id, index, text } of this.#kept) yield { id, index, document: JSON.parse(text) };
  }

  #keep(document: Kept): void {
    const known = this.#positions.get(key(document.index, document.id));
    if (this.#duplicates === 'replace' && known !== undefined) {
      this.#kept[known] = document;
      return;
    }
    this.#positions.set(key(document.index, document.id), this.#kept.length);
    this.#kept.push(document);
  }
}

function key(index: string, id: string): string {
  return `${index}\0${id}`;
}

/** A line that a crash cut short was never confirmed: it is taken off the file, so that the next one starts afresh. */
function completeLines(file: string): string[] {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(file, end);
  return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
}
