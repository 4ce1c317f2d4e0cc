/** MovieLens' own formats: user, item, rating and perhaps time between separators; no header, no quotes. */
import type { LineParser, RowSink } from './line-parser.ts';

export function plainParser(separator: '\t' | '::', sink: RowSink): LineParser {
  return {
    lines(batch, firstLine) {
      for (const [offset, text] of batch.entries()) {
        if (text.trim() === '') continue;
        const fields = text.split(separator, 5);
        if (fields.length < 3) sink.bad(firstLine + offset, `${fields.length} fields where at least 3 are needed`);
        else sink.row(firstLine + offset, fields[0], fields[1], fields[2], fields[3]);
      }
    },
    end() {
      // Every line stands for itself.
    },
  };
}
