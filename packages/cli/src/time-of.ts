/** The last moment that a Date can hold. */
const MAX_DATE_MS = 8.64e15;

/** When an entry with that ID was added, for people; the ID where that is no time. */
export function timeOf(id: string): string {
  const ms = Number.parseInt(id, 10);
  return ms > 0 && ms <= MAX_DATE_MS ? new Date(ms).toISOString() : id;
}
