// The acknowledged writes of a drill: made through the workload's own client, told to the journal the moment they are
// acknowledged. RPA and lost writes are counted from these.
import { randomBytes } from 'node:crypto';
import { finding } from '../support/errors.ts';
import type { Journal } from './journal.ts';
import type { Application } from './plan.ts';

export class Writer {
  readonly #journal: Journal;
  readonly #acknowledged: string[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get acknowledged(): readonly string[] {
    return this.#acknowledged;
  }

  /** @returns the id of the write, random behind its `kind` */
  async write(app: Application, kind: string): Promise<string> {
    const id = `${kind}-${randomBytes(8).toString('hex')}`;
    await app.write(id);
    this.#acknowledged.push(id);
    this.#journal.write({ event: 'written', ids: [id] });
    return id;
  }

  async writeMany(app: Application, kind: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.write(app, kind);
  }

  /** The workload must hold what it has just acknowledged: else its own client lies, and nothing could be measured. */
  async confirm(app: Application): Promise<void> {
    const present = await app.present(this.#acknowledged);
    const missing = this.#acknowledged.length - new Set(present).size;
    if (missing > 0)
      throw finding(
        `the workload acknowledged ${this.#acknowledged.length} writes and holds ${missing} fewer, before any disaster`,
        { code: 'lying-workload' },
      );
  }
}
