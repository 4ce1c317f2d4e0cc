/** Writers' schemas by Confluent id. Looked up synchronously on the hot path; whatever has to be asked is asked before. */
export interface SchemaSource {
  /** True once it is known what the id stands for, or that it stands for nothing. */
  isKnown(schemaId: number): boolean;
  /**
   * Resolves once the id is known either way. While nobody answers it keeps asking: the caller's partition waits, and
   * nothing is refused for the registry's silence. Rejects only when `signal` is aborted.
   */
  learn(schemaId: number, signal: AbortSignal): Promise<void>;
}
