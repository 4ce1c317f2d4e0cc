export interface Check {
  readonly name: string;
  /** A problem makes the doctor fail; a warning works, but not as well as it could. */
  readonly state: 'fine' | 'warning' | 'problem';
  readonly found: string;
  /** What to do; absent when all is well. */
  readonly advice?: string;
}

export const fine = (name: string, found: string): Check => ({ name, state: 'fine', found });

export const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
