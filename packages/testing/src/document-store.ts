import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

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

/** A stand-in's documents in the order they came; with a file they survive the process. */
export class DocumentStore {
  readonly #file: string | undefined;
  #kept: Kept[] = [];
  readonly #positions = new Map<string, number>();

  constructor(file?: string) {
    this.#file = file;
    if (file && existsSync(file)) for (const line of completeLines(file)) this.#keep(JSON.parse(line) as Kept);
  }

  /** Appends documents; one that is known by the same index and non-empty ID is replaced when `duplicates` says so. */
  add(documents: readonly Kept[], duplicates: 'replace' | 'keep'): void {
    if (this.#file) appendFileSync(this.#file, documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
    for (const document of documents) {
      const known = this.#positions.get(key(document.index, document.id));
      if (duplicates === 'replace' && known !== undefined) this.#kept[known] = document;
      else this.#keep(document);
    }
  }

  /** Forgets documents; in the file as well. */
  remove(isRemoved: (document: Kept) => boolean): void {
    const rest = this.#kept.filter((document) => !isRemoved(document));
    this.#kept = [];
    this.#positions.clear();
    if (this.#file) writeFileSync(this.#file, '');
    this.add(rest, 'keep');
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
    this.#positions.set(key(document.index, document.id), this.#kept.length);
    this.#kept.push(document);
  }
}

function key(index: string, id: string): string {
  return `${index}\0${id}`;
}

/** A line that a crash cut short was never confirmed. */
function completeLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
