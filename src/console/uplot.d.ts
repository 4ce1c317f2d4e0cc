/** The classic script of the page's head. */
import type UPlot from 'uplot';

declare global {
  const uPlot: typeof UPlot;
  // The name that the constructor has as a namespace of types, as in the package.
  namespace uPlot {
    type AlignedData = UPlot.AlignedData;
  }
}
