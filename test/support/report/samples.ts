// Sample journals, to build and look at reports and pages without a cluster.
import type { JournalEvent } from '../../../src/drill/events.ts';
import { withContinuousWrites } from './continuous-writes.ts';
import { METHODS, methodSample } from './methods.ts';
import { totalLossSample } from './total-loss.ts';

export { asText } from './recorder.ts';

/** A total loss that was recovered in time. */
export const recoveredSample = (): JournalEvent[] => totalLossSample({ recovered: true });

/** The same drill, but three restored rows differ. */
export const notRecoveredSample = (): JournalEvent[] => totalLossSample({ recovered: false });

/** The same drill, killed while the database was being restored. */
export const inconclusiveSample = (): JournalEvent[] => notRecoveredSample().filter(({ t }) => t < 80);

/** Drills that compare methods: one without loss, one with documented losses, one with an undocumented loss. */
export const methodSamples = (): JournalEvent[][] => METHODS.map(methodSample);

/** The recovered drill, with writes that go on through its disaster. */
export const continuousWritesSample = (): JournalEvent[] => withContinuousWrites(recoveredSample());
