/** Tables for people: no colours, numbers to the right. */
import Table from 'cli-table3';

export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Digits after the point of every number that has any; 3 when nothing is said. */
  readonly digits?: number;
}

export function renderTable({ head, rows, digits = 3 }: TableText): string {
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const table = new Table({
    head: [...head],
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  const text = (cell: string | number): string => {
    if (typeof cell === 'string') return cell;
    return Number.isInteger(cell) ? String(cell) : cell.toFixed(digits);
  };
  table.push(...rows.map((row) => row.map(text)));
  return `${table.toString()}\n`;
}
