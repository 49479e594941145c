/** What a stand-in does wrong. Plain data, so that it can be sent to a stand-in in another process. */
export type Fault = (WholeServer | WholeRequest | ChosenDocuments | Answer | Acknowledging) & {
  /** Default: only requests that deliver documents, so that a start-up check does not use a fault up. */
  readonly on?: 'everything';
};

/** Nothing listens: connections are refused, open ones are reset. Ends by `clear` or `set`, on the same port. */
type WholeServer = { readonly kind: 'down' };

type WholeRequest =
  | { readonly kind: 'slow'; readonly ms: number }
  /** Answers with this status, in the destination's own words, and stores nothing. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Answers 200 with a page for people, as a proxy does. */
  | { readonly kind: 'html' }
  /** Answers 413 to a body of more bytes. */
  | { readonly kind: 'tooLarge'; readonly maxBytes: number }
  /** Answers 400 to a whole request in which any document contains the text, and stores nothing. */
  | { readonly kind: 'refuseRequest'; readonly containing: string };

type ChosenDocuments =
  /** Answers with this status for documents that contain the text (default all), or for every so-manieth. */
  | { readonly kind: 'items'; readonly status: number; readonly containing?: string; readonly every?: number }
  /** Elasticsearch: takes documents that contain the text into the failure store. */
  | { readonly kind: 'divert'; readonly containing: string }
  /** Collector: stores that many events of a request, then answers 503 with `invalid-event-number`. */
  | { readonly kind: 'partial'; readonly after: number };

type Answer =
  /** Destroys the connection: before anything is stored, or after everything is. */
  | { readonly kind: 'reset'; readonly after: 'receipt' | 'commit' }
  /** Stores, then ends the connection in the middle of the answer. */
  | { readonly kind: 'truncated' }
  /** Elasticsearch: stores, then answers for the wrong items. */
  | { readonly kind: 'wrongItems'; readonly how: 'missing' | 'extra' | 'reversed' | 'renamed' };

/** Collector: stores and never confirms; or confirms receipt, loses the events, and so never confirms. */
type Acknowledging = { readonly kind: 'acks'; readonly how: 'never' | 'lost' };

/** A fault that a single request can meet. */
export type RequestFault = Exclude<Fault, WholeServer>;

export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { readonly kind: Kind }>;

/** Switches the faults of a destination while it runs. */
export interface Faults {
  /** These faults from now on, in place of those set before. */
  set(...faults: Fault[]): Promise<void>;
  /** This fault for the next `count` deliveries, on top of those set; calls queue up. */
  next(count: number, fault: RequestFault): Promise<void>;
  /** No faults any more. */
  clear(): Promise<void>;
}

/** The faults in force, and those that the next deliveries use up. */
export class FaultPlan {
  #standing: readonly Fault[] = [];
  #upcoming: RequestFault[] = [];

  set(faults: readonly Fault[]): void {
    this.#standing = faults;
    if (faults.length === 0) this.#upcoming = [];
  }

  next(count: number, fault: RequestFault): void {
    for (let i = 0; i < count; i++) this.#upcoming.push(fault);
  }

  get isDown(): boolean {
    return this.#standing.some((fault) => fault.kind === 'down');
  }

  /** The faults of a request that has just come in. */
  forRequest(purpose: 'delivery' | 'other'): readonly Fault[] {
    if (purpose === 'other') return this.#standing.filter((fault) => fault.on === 'everything');
    const upcoming = this.#upcoming.shift();
    return upcoming ? [upcoming, ...this.#standing] : this.#standing;
  }
}

export function faultOf<Kind extends Fault['kind']>(faults: readonly Fault[], kind: Kind): FaultOf<Kind> | undefined {
  return faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
}

/** The status that the plan gives to a document of a request, if any. */
export function itemStatus(faults: readonly Fault[], text: string, position: number): number | undefined {
  const chosen = faults.find(
    (fault) =>
      fault.kind === 'items' &&
      text.includes(fault.containing ?? '') &&
      (fault.every === undefined || (position + 1) % fault.every === 0),
  );
  return chosen?.kind === 'items' ? chosen.status : undefined;
}
