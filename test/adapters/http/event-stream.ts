/** A small reader of server-sent events for tests. */
export interface StreamEvent {
  /** Empty where it has none. */
  readonly id: string;
  readonly name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

export interface EventReader {
  readonly status: number;
  /** What has come so far. */
  readonly events: readonly StreamEvent[];
  readonly comments: readonly string[];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  leave(): void;
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  const ended = collect(response, events, comments).catch(() => undefined);
  return { status: response.status, events, comments, ended, leave: () => leaving.abort() };
}

async function collect(response: Response, events: StreamEvent[], comments: string[]): Promise<void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^(?:id: (.*)\n)?(?:event: (.*)\n)?data: (.*)$/.exec(block);
      if (event) events.push({ id: event[1] ?? '', name: event[2] ?? '', data: JSON.parse(event[3]!) });
      else comments.push(block);
    }
  }
}
