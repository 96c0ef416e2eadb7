/** What was started, to be stopped in reverse; moved on when the start succeeded. */
export class Undo implements AsyncDisposable {
  #steps: (() => Promise<unknown>)[] = []

  defer(step: () => Promise<unknown>): void {
    this.#steps.push(step)
  }

  move(): Undo {
    const moved = new Undo()
    moved.#steps = this.#steps
    this.#steps = []
    return moved
  }

  /** Every step is taken, whatever fails. @throws AggregateError of what failed */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step()
      } catch (cause) {
        failures.push(cause)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'The server did not stop cleanly.')
  }
}
