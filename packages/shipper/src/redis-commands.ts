/** The part of a Redis connection that a shipper needs; `RedisConnection` of @distributary/core has it. */
export interface RedisCommands {
  /** @throws the error that Redis answered, or any error when no answer came; the command may then have run */
  call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
}
