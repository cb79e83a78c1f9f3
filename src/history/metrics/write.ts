// Writes the files of metrics, each whole: the textfile collector may read at any moment.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from '../../support/write-file.ts';
import type { History } from '../runs/history.ts';
import type { Status } from '../status/status.ts';
import { buildFamilies } from './families.ts';
import { toOpenMetrics, toPrometheusText } from './text.ts';

/** @param files Prometheus text for a name that ends with `.prom`, else OpenMetrics @throws what the file system says */
export async function writeMetrics(
  files: readonly string[],
  history: History,
  status: Status,
): Promise<void> {
  const families = buildFamilies(history, status);
  for (const file of files) {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(
      file,
      file.endsWith('.prom') ? toPrometheusText(families) : toOpenMetrics(families),
    );
  }
}
