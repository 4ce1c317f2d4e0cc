/** The package has no types of its own. */
declare module 'asciichart' {
  interface Asciichart {
    plot(series: readonly (readonly number[])[], options?: { height?: number; colors?: readonly string[] }): string;
    readonly yellow: string;
    readonly lightgreen: string;
    readonly darkgray: string;
    readonly reset: string;
  }
  const asciichart: Asciichart;
  export default asciichart;
}
