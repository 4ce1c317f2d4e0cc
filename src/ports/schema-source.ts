/** Writers' schemas by Confluent id. Looked up synchronously on the hot path; whatever has to be asked is asked before. */
export interface SchemaSource {
  /** True once it is known what the id stands for, or that it stands for nothing. */
  isKnown(schemaId: number): boolean;
  /**
   * Has it asked, and waits for the answer, a second at the most: a partition that waits longer must still be able to
   * move. True once the id is known either way; while nobody answers it stays false, for nothing is refused for silence.
   */
  learn(schemaId: number): Promise<boolean>;
}
