// Makes the acknowledged writes of a drill through the workload's own client, and records each in the journal as soon as it is
// acknowledged. RPA and lost writes are counted from these.
import { randomBytes } from 'node:crypto';
import { finding } from '../../support/errors.ts';
import type { Journal } from '../journal.ts';
import type { Application } from '../plan.ts';

export class Writer {
  readonly #journal: Journal;
  readonly #acknowledged: string[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get acknowledged(): readonly string[] {
    return this.#acknowledged;
  }

  /** @returns the id of the write: its `kind` and a random suffix */
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

  /** Checks that the workload has every acknowledged write: otherwise nothing could be measured. @throws DrillError `lost-acknowledged-write` */
  async confirm(app: Application): Promise<void> {
    const present = await app.present(this.#acknowledged);
    const missing = this.#acknowledged.length - new Set(present).size;
    if (missing > 0)
      throw finding(
        `${missing} of ${this.#acknowledged.length} acknowledged writes are missing from the workload before any disaster`,
        { code: 'lost-acknowledged-write' },
      );
  }
}
