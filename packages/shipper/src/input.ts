/** Where bytes come from. */
export interface Input {
  /** Begins to read. @throws ShipperError when it cannot be opened */
  open(port: InputPort): Promise<void>;
  /** Reads again, after `take` returned false. */
  resume(): void;
  /** Hands over what can be had at once, unless `take` refuses it, and reads no more. */
  close(): Promise<void>;
}

export interface InputPort {
  /** Takes bytes out of a buffer that may be reused at once. @returns false: read no more until `resume` */
  take(bytes: Buffer): boolean;
  ended(): void;
  failed(reason: Error): void;
}
