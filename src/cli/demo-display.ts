/** What the demo shows while it runs: one line on a terminal, a line now and then elsewhere. */
import type { Terminal } from './command.ts';
import type { ErrorPoint } from './demo-report.ts';

export interface DemoDisplay {
  show(points: readonly ErrorPoint[], elapsedMs: number): void;
  stop(): void;
}

/** Lines are this many points apart where nothing can be redrawn. */
const plainEvery = 5;

export function demoDisplay(terminal: Terminal, total: number, optimumKnown: boolean): DemoDisplay {
  const redraws = terminal.isTTY === true;
  terminal.write(
    `Streaming ${total.toLocaleString('en')} ratings. RMSE over the last 10,000, each predicted before it was learned:\n`,
  );
  return {
    show(points, elapsedMs) {
      const point = points.at(-1);
      if (point === undefined || (!redraws && points.length % plainEvery !== 0)) return;
      const perSecond = Math.round((point.events / elapsedMs) * 1000);
      const parts = [
        `${String(Math.round((point.events / total) * 100)).padStart(3)} %`,
        `mean ${point.mean.toFixed(3)}`,
        `bias ${point.bias.toFixed(3)}`,
        `freshet ${point.blend.toFixed(3)}`,
        ...(optimumKnown ? [`optimum ${(point.optimum ?? 0).toFixed(3)}`] : []),
        `${perSecond.toLocaleString('en')} ratings/s`,
      ];
      terminal.write(redraws ? `\r\u001b[K${parts.join('  ')}` : `${parts.join('  ')}\n`);
    },
    stop() {
      if (redraws) terminal.write('\r\u001b[K');
    },
  };
}
