/** Lines over time, on uPlot, in the colours of the page. The legend is the caller's: a table says more than a picture. */

/**
 * @typedef {{ label: string, colour: string, width?: number, dash?: number[], fill?: string, scale?: string }} Line
 * @typedef {{ draw(data: (number | null)[][]): void, destroy(): void }} Chart
 */

const font = '12px system-ui, sans-serif';

/**
 * @param {HTMLElement} host
 * @param {Line[]} lines
 * @param {{ height: number, digits: number, fromZero?: boolean, onCursor?: (index: number | null) => void }} options
 * @returns {Chart}
 */
export function createChart(host, lines, { height, digits, fromZero = false, onCursor }) {
  const { grid, text } = coloursOf(host);
  const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const chart = new uPlot(
    {
      width: host.clientWidth || 600,
      height,
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { x: { time: true }, y: { range: (_chart, min, max) => rangeOf(min, max, fromZero) } },
      axes: [
        { ...axis, size: 30, space: 80, values: (_chart, seconds) => seconds.map(clockText) },
        { ...axis, size: 56, space: 36, values: (_chart, values) => values.map((value) => axisText(value, digits)) },
      ],
      series: [
        {},
        ...lines.map(({ label, colour, width = 1.5, dash, fill }) => ({
          ...{ label, stroke: colour, width, spanGaps: false, points: { show: false } },
          ...(dash === undefined ? {} : { dash }),
          ...(fill === undefined ? {} : { fill }),
        })),
      ],
      hooks: { setCursor: [(self) => onCursor?.(self.cursor.idx ?? null)] },
    },
    /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ ([[], ...lines.map(() => [])])),
    host,
  );
  const resizing = new ResizeObserver(() => chart.setSize({ width: host.clientWidth, height }));
  resizing.observe(host);
  return {
    draw: (data) => chart.setData(/** @type {uPlot.AlignedData} */ (/** @type {unknown} */ (data))),
    destroy() {
      resizing.disconnect();
      chart.destroy();
    },
  };
}

/**
 * A little room around the lines; a flat line stands in the middle.
 * @param {number | null} min
 * @param {number | null} max
 * @param {boolean} fromZero
 * @returns {[number, number]}
 */
function rangeOf(min, max, fromZero) {
  if (min === null || max === null) return [0, 1];
  if (fromZero) return [0, Math.max(1, max * 1.15)];
  const room = Math.max((max - min) * 0.12, 0.005);
  return [Math.max(0, min - room), max + room];
}

/** @param {number} seconds */
const clockText = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString('en', {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  });

/**
 * @param {number} value
 * @param {number} digits
 */
const axisText = (value, digits) => (value >= 10_000 ? `${Math.round(value / 1000)} k` : value.toFixed(digits));

/** @param {HTMLElement} host */
function coloursOf(host) {
  const style = getComputedStyle(host);
  return { text: style.color, grid: style.borderTopColor };
}
