/** Work that may be long, as a generator that comes by often: whoever runs it may let others go first in between. */
export type Steps<Result> = Generator<void, Result>;

/** All of it at once. */
export function finished<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
